"""Reading what is left of a damaged file, page by page, without SQLite.

SQLite gives up a table at the first page that it cannot follow. What a span is stands in its bytes, and each leaf page
of a table can be read alone; so this finds the leaf pages and takes from each what it can. In the order of use: `file`
(pages, with what the write-ahead log holds of later versions), `records` (pages to rows), `tables` (which page belongs
to which table), `content` (rows to spans and log records).
"""

from tracetui.store.sqlite.salvage.content import Content, Found, Owner

__all__ = ["Content", "Found", "Owner"]
