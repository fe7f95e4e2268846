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
