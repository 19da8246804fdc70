"""Names of providers and models as the price data spell them.

`genai-prices` finds most by itself; what stands here are the spellings it takes for another's or does not know, the
names that mean a model on someone's own machine, and what can be told from a model's name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PROVIDERS = {
    "azure.ai.openai": "azure",  # left alone it is taken for OpenAI itself
    "azure.ai.inference": "azure",
    "azure_ai": "azure",
    "gcp": "google",
    "gcp.gen_ai": "google",
    "gcp.gemini": "google",
    "gcp.vertex_ai": "google",
    "x_ai": "x-ai",
    "mistral_ai": "mistral",
    "aws.bedrock": "aws",
    "togetherai": "together",
    "fireworks_ai": "fireworks",
    "fireworks-ai": "fireworks",
    "meta_llama": "meta",
}

_LOCAL = frozenset(
    "ollama ollama_chat vllm hosted_vllm lmstudio lm_studio lm-studio llama.cpp llamacpp llama_cpp llama-cpp llamafile "
    "localai local sglang tgi text-generation-inference transformers mlx mlx_lm gpt4all koboldcpp xinference jan "
    "docker_model_runner exo".split()
)

_ROUTERS = frozenset({"litellm", "gateway"})
"""Names that stand for whoever the model's name says: LiteLLM, and the Vercel AI SDK's gateway."""

_LOCAL_MODEL = re.compile(r":latest$|:\d+(\.\d+)?[bm]\b|\.gguf\b|-gguf\b", re.IGNORECASE)
_BEDROCK = re.compile(r"^([a-z]{2,6}\.)?(anthropic|amazon|meta|cohere|mistral|ai21|deepseek|openai)\.\w", re.IGNORECASE)


def provider_id(provider: str) -> str:
    """The id under which the price data may know a provider."""
    name = provider.strip().lower()
    return _PROVIDERS.get(name, name)


def is_local(provider: str, model: str) -> bool:
    """Whether the model runs on someone's own machine, so that no list has its price."""
    prefix = model.partition("/")[0] if "/" in model else ""
    return provider.lower() in _LOCAL or prefix.lower() in _LOCAL or (not provider and bool(_LOCAL_MODEL.search(model)))


def guesses(provider: str, model: str) -> Iterator[tuple[str, str]]:
    """Provider and model to look for, the likeliest first; an empty provider means any that the model's name fits."""
    known = provider_id(provider) if provider.lower() not in _ROUTERS else ""
    prefix, _, bare = model.partition("/")
    last = model.rpartition("/")[2]
    if known:
        yield from ((known, name) for name in dict.fromkeys((model, bare or model, last)) if name)
        return
    if bare:  # a router's spelling, `openai/gpt-4o`
        yield from ((provider_id(prefix), name) for name in dict.fromkeys((bare, last)) if name)
    for name in dict.fromkeys((model, last)):
        if _BEDROCK.match(name):
            yield "aws", name
        elif name.startswith("text-embedding-"):
            yield "openai", name
        else:
            yield "", name
