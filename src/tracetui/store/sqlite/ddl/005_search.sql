-- The search index: for each span the words and terms that it is found by, and how far it has come. docs/schema.md
-- explains every table and column.

-- No text and no places of words are kept, so a span takes some 130 bytes here, a fifth of what an index with them takes.
CREATE VIRTUAL TABLE span_terms USING fts5(terms, content='', columnsize=0, detail=none, tokenize='ascii');

-- Its segments are merged by the follower, a little at a time between the senders' transactions; by itself FTS5 would
-- merge as part of some insert, up to 100 ms and more of it at once.
INSERT INTO span_terms (span_terms, rank) VALUES ('automerge', 0);
INSERT INTO span_terms (span_terms, rank) VALUES ('crisismerge', 200);

CREATE TABLE search_index (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    derivation_version INTEGER NOT NULL,
    backlog INTEGER NOT NULL,
    through INTEGER NOT NULL,
    logs_through INTEGER NOT NULL,
    cut_spans INTEGER NOT NULL
);

-- What was there before waits for the follower, the newest first.
INSERT INTO search_index (id, derivation_version, backlog, through, logs_through, cut_spans)
SELECT 1, 0, last, last, (SELECT ifnull(max(id), 0) FROM logs), 0 FROM (SELECT ifnull(max(id), 0) AS last FROM spans);
