"""Names of model providers: one spelling for each, and a guess from a host or a model where none is given.

The spellings are those of `gen_ai.provider.name` (OTel GenAI semantic conventions 1.41).
"""

from __future__ import annotations

from functools import lru_cache

_ALIASES = {
    "xai": "x_ai",
    "az.ai.openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "az.ai.agents": "azure.ai.agents",
    "gemini": "gcp.gemini",
    "vertex_ai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "mistralai": "mistral_ai",
    "bedrock": "aws.bedrock",
    "aws": "aws.bedrock",
    "mistral": "mistral_ai",
    # Pydantic AI's spellings.
    "google-gla": "gcp.gemini",
    "google-vertex": "gcp.vertex_ai",
    # LangChain's.
    "google_genai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "amazon_bedrock": "aws.bedrock",
}
_STARTS = {
    "google.vertex": "gcp.vertex_ai",
    "google-vertex": "gcp.vertex_ai",
    "vertex": "gcp.vertex_ai",
    "google.generative-ai": "gcp.gemini",
    "google": "gcp.gemini",
    "amazon-bedrock": "aws.bedrock",
    "azure-openai": "azure.ai.openai",
    "azure": "azure.ai.openai",
    "mistral": "mistral_ai",
}
_APIS = frozenset(
    "chat completion completions responses embedding embeddings text-embedding image messages transcription speech "
    "reranking generative-ai anthropic object".split()
)
"""What the Vercel AI SDK puts behind a provider's name: `openai.chat`, `google.vertex.anthropic.messages`."""
_FRAMEWORKS = frozenset(
    "langchain langgraph llama_index llamaindex crewai strands-agents autogen gcp.vertex.agent haystack "
    "microsoft.agent_framework semantic_kernel _other "
    # OpenLIT's names.
    "litellm ag2 agno phidata pydantic_ai openai_agents browser_use google_adk claude_agent_sdk agent_framework "
    "strands_agents smolagents dynamiq julep letta controlflow multion mcp mem0 embedchain guardrails firecrawl "
    "crawl4ai spring_ai".split()
)
_HOSTS = (
    ("api.openai.com", "openai"),
    (".openai.azure.com", "azure.ai.openai"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    (".amazonaws.com", "aws.bedrock"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.x.ai", "x_ai"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.cohere.com", "cohere"),
    ("api.perplexity.ai", "perplexity"),
)
_MODELS = (
    (("gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "whisper-"), "openai"),
    (("claude-",), "anthropic"),
    (("gemini-",), "gcp.gemini"),
    (("mistral-", "codestral-", "ministral-", "magistral-"), "mistral_ai"),
    (("command-", "rerank-", "embed-"), "cohere"),
    (("deepseek-",), "deepseek"),
    (("grok-",), "x_ai"),
)


@lru_cache(1_024)
def fold(name: str) -> str:
    """One spelling for a provider; empty where the name is a framework's, not a provider's."""
    known = name.lower()
    if known in _FRAMEWORKS:
        return ""
    if known in _ALIASES or known in _PROVIDERS:
        return _ALIASES.get(known, known)
    head, _, api = known.partition(".")
    if head == "amazon-bedrock" or (api and api.rpartition(".")[2] in _APIS):
        start = next((start for start in _STARTS if known == start or known.startswith(f"{start}.")), "")
        return _STARTS[start] if start else _ALIASES.get(head, head)
    # OpenLLMetry's older names begin with a capital: `Azure`, `Ollama`.
    return known if name.isalpha() else name


def of_host(host: str) -> str:
    """The provider that answers at a host; empty where it is not known."""
    host = host.lower()
    return next((provider for end, provider in _HOSTS if host.endswith(end)), "")


def of_model(model: str) -> str:
    """The provider whose models are called like this; empty where none is known."""
    name = model.lower().rpartition("/")[2]
    return next((provider for starts, provider in _MODELS if name.startswith(starts)), "")


_PROVIDERS = frozenset(_ALIASES.values()) | {provider for _, provider in _HOSTS} | {p for _, p in _MODELS}
