-- Times: `…_at` is wall clock for people, `…_due` and `…_mono` the host's monotonic clock, which
-- neither clock steps nor a sleeping laptop move; both in milliseconds.

-- One row: seq is the write lock, the fencing token and the event number in commit order.
-- boot names the boot that the monotonic times belong to; uid tells this database from another
-- one in the same place, whose revisions would mean nothing here.
CREATE TABLE project (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    boot TEXT NOT NULL,
    uid TEXT NOT NULL
) STRICT;
INSERT INTO project (id, seq, boot, uid) VALUES (1, 0, '', lower(hex(randomblob(6))));

-- A server process over stdio, a command, or (over HTTP) an authenticated principal.
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    host TEXT NOT NULL,
    boot TEXT NOT NULL,
    namespace TEXT NOT NULL,
    pid INTEGER NOT NULL,
    pid_start TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE TABLE plan (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    format TEXT NOT NULL,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    loaded_at INTEGER NOT NULL
) STRICT;

CREATE TABLE phase (
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plan (id),
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    ord INTEGER NOT NULL,
    milestone_id INTEGER,          -- the barrier node that is met when the phase is complete
    depends_on TEXT NOT NULL DEFAULT '[]',
    status_file TEXT,
    UNIQUE (plan_id, key)
) STRICT;

-- What an agent must be able to do for a task: its type and the capabilities it requires.
-- Interned, so that the best ready task of each kind is one step in an index.
CREATE TABLE class (
    id INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    requires TEXT NOT NULL,        -- JSON list, sorted
    UNIQUE (type, requires)
) STRICT;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plan (id),
    state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'draining', 'cancelled', 'finished')),
    scope TEXT NOT NULL,           -- JSON
    max_running INTEGER NOT NULL CHECK (max_running >= 1),
    slots INTEGER NOT NULL,        -- max_running, or less while a rate limit lasts
    running INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),
    total INTEGER NOT NULL,
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    max_attempts INTEGER,          -- these three: NULL for what the project's settings say
    max_silence REAL,              -- minutes
    max_runtime REAL,
    budgets TEXT NOT NULL DEFAULT '{}',
    attempts INTEGER NOT NULL DEFAULT 0,
    minutes REAL NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0,
    cost_usd REAL NOT NULL DEFAULT 0,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    paused_mono INTEGER            -- since when the clocks of its attempts stand still
) STRICT;
CREATE UNIQUE INDEX run_unfinished ON run (plan_id) WHERE state IN ('active', 'paused', 'draining');

-- A node of the graph. Milestones and containers are never handed out: they are done when all
-- they need is met. Wide text stands apart, in task_text, so that state changes stay small.
CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    plan_id INTEGER NOT NULL REFERENCES plan (id),
    key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('task', 'container', 'milestone')),
    phase_id INTEGER NOT NULL DEFAULT 0,   -- 0: none
    parent_id INTEGER,
    ord INTEGER NOT NULL,
    title TEXT NOT NULL,
    type TEXT NOT NULL,
    class_id INTEGER NOT NULL REFERENCES class (id),
    priority INTEGER NOT NULL,
    estimate REAL,                 -- minutes
    route TEXT,
    resources TEXT,                -- JSON list, NULL for none
    rank INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN (
        'waiting', 'ready', 'running', 'verifying', 'delayed',
        'blocked', 'failed', 'done', 'skipped', 'cancelled'
    )),
    unmet INTEGER NOT NULL DEFAULT 0 CHECK (unmet >= 0),
    run_id INTEGER,                -- the last run whose scope it was in
    attempt INTEGER NOT NULL DEFAULT 0,    -- number of the last attempt
    tries INTEGER NOT NULL DEFAULT 0,      -- attempts that count against max_attempts
    releases INTEGER NOT NULL DEFAULT 0,   -- in a row
    max_attempts INTEGER,          -- these three: NULL for what its run or the settings say
    max_silence REAL,              -- minutes
    max_runtime REAL,
    retry_due INTEGER,             -- when a delayed task is ready again
    reason TEXT,                   -- why it failed, is blocked or was skipped
    parked_on TEXT,                -- the held resource that it waits for
    parked_mono INTEGER,           -- since when it has been kept from running by resources
    vanished INTEGER NOT NULL DEFAULT 0,   -- gone from the source at the last load
    ended_at INTEGER,
    actual REAL,                   -- minutes of the attempt that completed it
    UNIQUE (plan_id, key)
) STRICT;
CREATE INDEX task_ready ON task (run_id, class_id, rank, ord)
    WHERE state = 'ready' AND parked_on IS NULL;
CREATE INDEX task_parked ON task (parked_on, rank, ord) WHERE parked_on IS NOT NULL;
CREATE INDEX task_starving ON task (parked_mono) WHERE parked_mono IS NOT NULL;
CREATE INDEX task_delayed ON task (retry_due) WHERE state = 'delayed';
CREATE INDEX task_stuck ON task (plan_id, state) WHERE state IN ('failed', 'blocked', 'cancelled');
CREATE INDEX task_verifying ON task (run_id) WHERE state = 'verifying';
CREATE INDEX task_phase ON task (phase_id, ord);
CREATE INDEX task_parent ON task (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX task_key ON task (key);

CREATE TABLE task_text (
    task_id INTEGER PRIMARY KEY REFERENCES task (id),
    brief TEXT NOT NULL,
    acceptance TEXT NOT NULL,      -- JSON lists
    files TEXT NOT NULL,
    needs TEXT NOT NULL DEFAULT '[]',      -- dependencies as stated: keys and phase:KEY
    file TEXT,                     -- where the source tells of it
    line INTEGER,
    origin TEXT NOT NULL CHECK (origin IN ('source', 'added', 'barrier')),
    digest TEXT NOT NULL           -- of the definition, to see what a reload changed
) STRICT;

-- kind: stated by the source, implied by its format, member (of a milestone or container),
-- inherited from a container or phase.
CREATE TABLE dep (
    needs_id INTEGER NOT NULL,
    task_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('stated', 'implied', 'member', 'inherited')),
    since INTEGER NOT NULL,        -- event number; claims before it did not have to wait
    PRIMARY KEY (needs_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dep_back ON dep (task_id, needs_id);

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    task_id INTEGER NOT NULL REFERENCES task (id),
    n INTEGER NOT NULL,
    fence INTEGER NOT NULL UNIQUE,
    plan_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    session_id INTEGER NOT NULL,
    agent TEXT NOT NULL,
    secret TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (
        'live', 'lost', 'done', 'failed', 'released', 'undone', 'superseded', 'closed'
    )),
    resources TEXT,
    started_at INTEGER NOT NULL,
    started_mono INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_seq INTEGER,
    silence_ms INTEGER NOT NULL,   -- how long its holder may say nothing
    lease_due INTEGER NOT NULL,
    silent_due INTEGER NOT NULL,
    runtime_due INTEGER NOT NULL,
    due INTEGER NOT NULL,          -- the earliest of the three; while paused, the lease alone
    percent INTEGER,
    note TEXT,
    tokens INTEGER NOT NULL DEFAULT 0,
    cost_usd REAL NOT NULL DEFAULT 0,
    counted_minutes REAL NOT NULL DEFAULT 0,   -- what its run counted when it was lost
    error TEXT,
    error_kind TEXT,
    summary TEXT,
    handoff TEXT,
    artifacts TEXT,                -- JSON lists
    acceptance TEXT,
    brief TEXT,                    -- as claimed, when the plan has changed it since
    answer TEXT,                   -- what the call that ended it was told, for its repetition
    UNIQUE (task_id, n)
) STRICT;
CREATE INDEX attempt_due ON attempt (due) WHERE state = 'live';
CREATE INDEX attempt_session ON attempt (session_id) WHERE state = 'live';
CREATE INDEX attempt_handoff ON attempt (plan_id, ended_seq) WHERE handoff IS NOT NULL;
CREATE INDEX attempt_run ON attempt (run_id) WHERE state = 'live';

-- What running (and verifying) tasks hold. A resource of a pool stands here once a task.
CREATE TABLE held (
    resource TEXT NOT NULL,
    task_id INTEGER NOT NULL,
    PRIMARY KEY (resource, task_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_task ON held (task_id);

-- Resources that were given back while more tasks were parked on them than were woken.
CREATE TABLE loose (resource TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE pool (
    name TEXT PRIMARY KEY,
    capacity INTEGER NOT NULL CHECK (capacity >= 1),
    plan_id INTEGER
) STRICT, WITHOUT ROWID;

-- A task that its holder released is not offered to it again for a while.
CREATE TABLE declined (
    task_id INTEGER NOT NULL,
    session_id INTEGER NOT NULL,
    agent TEXT NOT NULL,
    until_mono INTEGER NOT NULL,
    PRIMARY KEY (session_id, agent, task_id)
) STRICT, WITHOUT ROWID;

-- Append only. Several events of one transaction share its seq.
CREATE TABLE event (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    plan_id INTEGER,
    run_id INTEGER,
    task_id INTEGER,
    attempt INTEGER,
    session_id INTEGER NOT NULL,
    agent TEXT NOT NULL,
    data TEXT NOT NULL,            -- JSON
    PRIMARY KEY (seq, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_task ON event (task_id, seq) WHERE task_id IS NOT NULL;

-- How many tasks (not milestones or containers) of a plan and phase are in a state.
CREATE TABLE tally (
    plan_id INTEGER NOT NULL,
    phase_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (plan_id, phase_id, state)
) STRICT, WITHOUT ROWID;

-- Answers to calls with a request_id, for their repetition.
CREATE TABLE request (
    plan_id INTEGER NOT NULL,
    agent TEXT NOT NULL,
    request_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    digest TEXT NOT NULL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (plan_id, agent, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_at ON request (at);
