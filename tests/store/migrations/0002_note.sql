CREATE TABLE note (id INTEGER PRIMARY KEY, counter TEXT NOT NULL REFERENCES counter, text TEXT) STRICT;
CREATE TRIGGER note_counts AFTER INSERT ON note BEGIN
    UPDATE counter SET n = n + 1 WHERE name = new.counter;
    UPDATE counter SET n = n + 0 WHERE name = new.counter;
END;
CREATE INDEX note_counter ON note (counter);
