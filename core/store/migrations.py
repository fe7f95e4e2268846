"""The shape of the database, step by step. Append only: a step that has shipped never changes."""

from sqlite_utils import Database, Migrations

migrations = Migrations("playground")


@migrations()
def m001_runs(db: Database) -> None:
    """Every run is one row; people open this file, so the names are plain (docs/database.md)."""
    db.conn.execute(
        """
        CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            created_at TEXT NOT NULL,
            started_at TEXT,
            finished_at TEXT,
            kind TEXT NOT NULL,
            status TEXT NOT NULL,
            mode TEXT NOT NULL,
            provider TEXT NOT NULL,
            model TEXT NOT NULL,
            role TEXT NOT NULL,
            task TEXT NOT NULL,
            language TEXT NOT NULL,
            format TEXT NOT NULL,
            batch_id TEXT,
            parent_id TEXT,
            source TEXT NOT NULL,
            user TEXT,
            payload TEXT NOT NULL,
            prompt TEXT NOT NULL,
            options TEXT NOT NULL,
            output TEXT NOT NULL,
            output_json TEXT,
            thinking TEXT NOT NULL,
            finish_reason TEXT,
            contract_valid INTEGER,
            contract_errors TEXT,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            total_tokens INTEGER,
            queued_ms REAL,
            load_ms REAL,
            first_token_ms REAL,
            total_ms REAL,
            tokens_per_second REAL,
            error_code TEXT,
            error_message TEXT,
            error_details TEXT,
            meta TEXT NOT NULL
        )
        """
    )
    db.conn.execute("CREATE INDEX runs_batch ON runs (batch_id) WHERE batch_id IS NOT NULL")
    # The start-up sweep and the queue look for these few among very many.
    db.conn.execute("CREATE INDEX runs_open ON runs (status) WHERE status IN ('queued', 'running')")


@migrations()
def m002_images(db: Database) -> None:
    """Pictures are files named by their SHA-256; these rows say which run made which, and what
    people sent to start from.
    """
    db.conn.execute(
        """
        CREATE TABLE images (
            run_id TEXT NOT NULL REFERENCES runs (id),
            "index" INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            format TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            node TEXT NOT NULL,
            seed INTEGER,
            PRIMARY KEY (run_id, "index")
        ) WITHOUT ROWID
        """
    )
    db.conn.execute("CREATE INDEX images_sha256 ON images (sha256)")
    db.conn.execute(
        """
        CREATE TABLE uploads (
            sha256 TEXT PRIMARY KEY,
            created_at TEXT NOT NULL,
            name TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            user TEXT
        )
        """
    )
    db.conn.execute("CREATE INDEX uploads_newest ON uploads (created_at)")


@migrations()
def m003_findings(db: Database) -> None:
    """What checks say of an answer is kept apart from it: checks are re-run, answers are not."""
    db.conn.execute(
        """
        CREATE TABLE check_reports (
            run_id TEXT PRIMARY KEY REFERENCES runs (id),
            version INTEGER NOT NULL,
            checked_at TEXT NOT NULL,
            score REAL NOT NULL,
            passed INTEGER NOT NULL,
            errors INTEGER NOT NULL,
            warnings INTEGER NOT NULL,
            notes INTEGER NOT NULL,
            scores TEXT NOT NULL
        ) WITHOUT ROWID
        """
    )
    db.conn.execute(
        """
        CREATE TABLE findings (
            run_id TEXT NOT NULL REFERENCES runs (id),
            position INTEGER NOT NULL,
            code TEXT NOT NULL,
            severity TEXT NOT NULL,
            field TEXT NOT NULL,
            start INTEGER,
            "end" INTEGER,
            evidence TEXT NOT NULL,
            message_ko TEXT NOT NULL,
            message_en TEXT NOT NULL,
            PRIMARY KEY (run_id, position)
        ) WITHOUT ROWID
        """
    )
    db.conn.execute("CREATE INDEX findings_code ON findings (code, run_id)")


@migrations()
def m004_judgements(db: Database) -> None:
    """What people say of runs: ratings, votes between two, tags and notes; and runs put away."""
    db.conn.execute(
        """
        CREATE TABLE ratings (
            run_id TEXT NOT NULL REFERENCES runs (id),
            user TEXT NOT NULL,
            created_at TEXT NOT NULL,
            stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
            reasons TEXT NOT NULL,
            comment TEXT NOT NULL,
            PRIMARY KEY (run_id, user)
        ) WITHOUT ROWID
        """
    )
    db.conn.execute(
        """
        CREATE TABLE votes (
            id TEXT PRIMARY KEY,
            created_at TEXT NOT NULL,
            user TEXT NOT NULL,
            left_run TEXT NOT NULL REFERENCES runs (id),
            right_run TEXT NOT NULL REFERENCES runs (id),
            choice TEXT NOT NULL CHECK (choice IN ('left', 'right', 'tie', 'both_bad', 'skip'))
        ) WITHOUT ROWID
        """
    )
    # A person has one say on two runs, whichever side each stood on.
    db.conn.execute(
        "CREATE UNIQUE INDEX votes_once "
        "ON votes (user, min(left_run, right_run), max(left_run, right_run))"
    )
    db.conn.execute("CREATE INDEX votes_left ON votes (left_run)")
    db.conn.execute("CREATE INDEX votes_right ON votes (right_run)")
    db.conn.execute(
        """
        CREATE TABLE tags (
            run_id TEXT NOT NULL REFERENCES runs (id),
            tag TEXT NOT NULL,
            PRIMARY KEY (run_id, tag)
        ) WITHOUT ROWID
        """
    )
    db.conn.execute("CREATE INDEX tags_tag ON tags (tag, run_id)")
    db.conn.execute(
        """
        CREATE TABLE notes (
            run_id TEXT PRIMARY KEY REFERENCES runs (id),
            changed_at TEXT NOT NULL,
            user TEXT,
            text TEXT NOT NULL
        ) WITHOUT ROWID
        """
    )
    db.conn.execute(
        """
        CREATE TABLE deleted_runs (
            run_id TEXT PRIMARY KEY REFERENCES runs (id),
            deleted_at TEXT NOT NULL,
            user TEXT
        ) WITHOUT ROWID
        """
    )


@migrations()
def m005_search(db: Database) -> None:
    """Looking for runs: numbers that stay (rows of `runs` are moved by VACUUM), the search
    index, which the writer fills behind the runs, and what the list's filters and orders read.
    """
    db.conn.execute(
        """
        CREATE TABLE run_numbers (
            number INTEGER PRIMARY KEY,
            run_id TEXT NOT NULL UNIQUE REFERENCES runs (id),
            indexed INTEGER NOT NULL DEFAULT 0
        )
        """
    )
    db.conn.execute("INSERT INTO run_numbers (run_id) SELECT id FROM runs ORDER BY id")
    db.conn.execute("CREATE INDEX run_numbers_waiting ON run_numbers (number) WHERE indexed = 0")
    # Only pieces of words are kept, not the text: what they find is looked at again.
    db.conn.execute(
        "CREATE VIRTUAL TABLE run_words USING fts5 "
        "(pieces, content = '', detail = none, columnsize = 0, tokenize = 'ascii')"
    )
    # One index that answers every filter on its own, in the order of the list, and charts too:
    # the rows themselves are wide.
    db.conn.execute(
        """
        CREATE INDEX runs_list ON runs (
            id, created_at, kind, status, mode, provider, model, role, task, user, error_code,
            first_token_ms, load_ms, total_ms, tokens_per_second
        )
        """
    )
    _add_labels(db)  # behind that index, which is read for them: the rows are wide
    db.conn.execute("CREATE INDEX runs_slowest ON runs (total_ms, id)")
    db.conn.execute("CREATE INDEX runs_parent ON runs (parent_id) WHERE parent_id IS NOT NULL")
    db.conn.execute("CREATE INDEX check_reports_score ON check_reports (score, run_id DESC)")


def _add_labels(db: Database) -> None:
    """`run_labels` holds what a filter can choose from: few rows for very many runs."""
    names = ("model", "provider", "role", "task", "user")
    db.conn.execute(
        "CREATE TABLE run_labels (name TEXT NOT NULL, value TEXT NOT NULL, "
        "PRIMARY KEY (name, value)) WITHOUT ROWID"
    )
    for name in names:
        db.conn.execute(
            f"INSERT INTO run_labels SELECT DISTINCT '{name}', {name} FROM runs "  # noqa: S608
            f"WHERE {name} IS NOT NULL"
        )
    values = " UNION ALL ".join(f"SELECT '{name}', new.{name}" for name in names[:-1])
    db.conn.execute(
        "CREATE TRIGGER runs_added AFTER INSERT ON runs BEGIN "  # noqa: S608 - our own names
        "INSERT INTO run_numbers (run_id) VALUES (new.id); "
        f"INSERT OR IGNORE INTO run_labels {values}; "
        "INSERT OR IGNORE INTO run_labels SELECT 'user', new.user WHERE new.user IS NOT NULL; "
        "END"
    )


@migrations()
def m006_processes(db: Database) -> None:
    """Several app processes may share the file: each run says whose it is, and which REST
    request asked for it; a stop that another process asked for is left here for the owner.
    """
    db.conn.execute("ALTER TABLE runs ADD COLUMN request_id TEXT")
    db.conn.execute("ALTER TABLE runs ADD COLUMN process TEXT")
    db.conn.execute(
        """
        CREATE TABLE stop_requests (
            run_id TEXT PRIMARY KEY REFERENCES runs (id),
            asked_at TEXT NOT NULL
        ) WITHOUT ROWID
        """
    )
