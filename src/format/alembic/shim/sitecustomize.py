"""Keeps a replay on the scratch database, and reports its progress.

Python imports this file at start-up because its folder is on PYTHONPATH. So every entry point carries it: `alembic`,
`flask db upgrade`, `python manage.py`, and whatever Python they start. Takes its orders from REBASELINE_SHIM (JSON).

Two walls stand between the project and its real databases. The drivers' lowest Python-level functions are rewritten to
connect to scratch whatever they are told; and SQLAlchemy refuses what is not PostgreSQL before anything is contacted.
Nothing is imported early: the patches are applied when the project imports the package in question.

A wall that cannot be built is an error, never a warning: the import fails, or the process ends with code 86. It also
ends with 86 as soon as the parent is gone. Without REBASELINE_SHIM this file only runs the sitecustomize it shadows.
"""

import os
import sys

VARIABLE = "REBASELINE_SHIM"
EXIT_CODE = 86
HERE = os.path.dirname(os.path.abspath(__file__))

if VARIABLE in os.environ:  # The imports are the whole cost, so they are spared too.
    import atexit
    import errno
    import functools
    import json
    import queue
    import re
    import socket
    import threading
    import time
    from urllib.parse import unquote


class Refused(Exception):
    """A connection that could not be led to the scratch database."""


def die(why):
    sys.stderr.write(f"rebaseline: {why}\n")
    sys.stderr.flush()
    os._exit(EXIT_CODE)


# The channel --------------------------------------------------------------------------------------------------------


class Channel:
    """One JSON object a line to the parent. It is a socket of its own, so printing cannot disturb it."""

    def __init__(self, path):
        self.path = path
        self.copying = False
        self.open()
        os.register_at_fork(after_in_child=self.reopen)
        atexit.register(self.send, "done")

    def open(self):
        self.words = queue.Queue()  # What the parent says once `watch` has begun.
        self.lock = threading.RLock()  # A signal handler may send while we do.
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(None)  # A project may have set a default timeout.
        try:
            self.socket.connect(self.path)
        except OSError as error:
            die(f"cannot reach {self.path}: {error}")
        version = ".".join(str(part) for part in sys.version_info[:3])
        self.send("hello", python=version, executable=sys.executable)

    def reopen(self):
        # A forked child that kept the socket would mix its lines with ours, and hide our end from the parent.
        self.socket.close()
        if not self.copying:
            self.open()
            self.watch()

    def send(self, event, **fields):
        fields = {"event": event, "pid": os.getpid(), **fields}
        # Lone surrogates (undecodable bytes in messages) are no valid JSON text: replace them.
        line = json.dumps(fields, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
        try:
            with self.lock:
                self.socket.sendall(line)
        except OSError:
            os._exit(EXIT_CODE)

    def receive(self):
        """The next line of the parent; only before `watch`."""
        line = b""
        while not line.endswith(b"\n"):
            try:
                byte = self.socket.recv(1)
            except OSError:
                byte = b""
            if not byte:
                os._exit(EXIT_CODE)
            line += byte
        return json.loads(line.decode())

    def watch(self):
        """Hears the parent, and ends this process when the parent's end closes, even in the middle of a long
        statement."""

        def wait(end, words):
            try:
                for line in end.makefile("rb"):
                    words.put(json.loads(line.decode()))
            except (OSError, ValueError):
                pass
            os._exit(EXIT_CODE)

        threading.Thread(target=wait, args=(self.socket, self.words), name="rebaseline", daemon=True).start()


# Where a connection goes ----------------------------------------------------------------------------------------------

# Every parameter that says where or as whom to connect, in any driver's spelling. What is not here is kept: options,
# application_name, timeouts, prepared_statement_*, server_settings, row_factory, autocommit...
WHERE = set(
    "dsn conninfo host hostaddr port user username password passfile database dbname service servicefile "
    "channel_binding target_session_attrs load_balance_hosts requirepeer require_auth direct_tls "
    "async_creator_fn unix_sock sock source_address".split()
)
WHERE_PREFIXES = ("ssl", "gss", "krb", "scram_", "oauth_")

# libpq and asyncpg fall back to these. PGHOSTADDR and PGSERVICE even outrank a host that is given.
STEERING = (
    "PGHOSTADDR PGSERVICE PGSERVICEFILE PGPASSFILE PGPASSWORD PGREQUIRESSL PGREQUIREPEER PGREQUIREAUTH PGSSLMODE "
    "PGSSLNEGOTIATION PGCHANNELBINDING PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGKRBSRVNAME PGGSSLIB PGGSSENCMODE"
).split()

WORD = re.compile(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s\\]|\\.)*)", re.S) if VARIABLE in os.environ else None


def parse_dsn(dsn):
    """The parameters of a connection string, be it a URL or words like `host=x`."""
    dsn = dsn.decode() if isinstance(dsn, bytes) else dsn or ""
    if "://" not in dsn.partition("=")[0]:
        pairs = ((key, value[1:-1] if value[:1] == "'" else value) for key, value in WORD.findall(dsn))
        return {key: re.sub(r"\\(.)", r"\1", value) for key, value in pairs}
    # Not urlsplit: it refuses or cuts what libpq takes, such as brackets, `#` and `?` in a password.
    rest = re.sub(r"^([^?]*@|[^@/]*@)", "", dsn.partition("://")[2])
    rest, _, query = rest.partition("?")
    place, _, name = rest.partition("/")
    host, _, port = place.rpartition(":") if re.search(r":\d*$", place) else (place, "", "")
    found = [("host", host), ("port", port), ("dbname", name)]
    found = [pair for pair in found if pair[1]] + [pair.partition("=")[::2] for pair in query.split("&") if pair]
    return {unquote(key): unquote(value) for key, value in found}


def make_dsn(params):
    escaped = ((key, re.sub(r"([\\'])", r"\\\1", str(value))) for key, value in params.items())
    return " ".join(f"{key}='{value}'" for key, value in escaped)


def redirect(driver, params):
    """`params` with everything that says where to connect replaced by scratch, spelled for `driver`."""
    report_origin(driver, params)
    point(os.environ)  # Again at each connection: a project may have loaded its .env file since.
    scratch = state.scratch
    kept = {k: v for k, v in params.items() if k not in WHERE and not k.startswith(WHERE_PREFIXES)}
    kept.update(user=scratch["user"])
    kept["database" if driver in ("asyncpg", "pg8000") else "dbname"] = scratch["database"]
    if driver == "pg8000" and scratch["host"].startswith("/"):
        kept["unix_sock"] = f"{scratch['host']}/.s.PGSQL.{scratch['port']}"
    else:
        kept.update(host=scratch["host"], port=int(scratch["port"]))
    if scratch.get("password") is not None:
        kept["password"] = scratch["password"]
    if scratch.get("sslmode") is not None:
        if driver == "asyncpg":
            kept["ssl"] = scratch["sslmode"]
        elif driver != "pg8000":
            kept["sslmode"] = scratch["sslmode"]
        elif scratch["sslmode"] not in ("disable", "allow", "prefer"):
            kept["ssl_context"] = tls(scratch["sslmode"], scratch.get("more") or {})
    add_options(driver, kept, (scratch.get("more") or {}).get("PGOPTIONS"))
    return kept


def tls(mode, more):
    """For pg8000, which reads no variable: what libpq would do in this mode."""
    if mode == "require" and not more.get("PGSSLROOTCERT"):
        return True
    import ssl

    context = ssl.create_default_context(cafile=more.get("PGSSLROOTCERT"))
    context.check_hostname = mode == "verify-full"
    if more.get("PGSSLCERT"):
        context.load_cert_chain(more["PGSSLCERT"], more.get("PGSSLKEY"))
    return context


def add_options(driver, params, options):
    """The target's own server options, before those of the project: the later ones win."""
    if not options:
        return
    if driver == "asyncpg":
        pairs = re.findall(r"(?:-c\s*|--)([\w.]+)=((?:\\.|\S)*)", options)
        settings = {name: re.sub(r"\\(.)", r"\1", value) for name, value in pairs}
        params["server_settings"] = {**settings, **(params.get("server_settings") or {})}
    elif driver != "pg8000" and not str(params.get("options") or "").startswith(options):  # Our walls call each other.
        params["options"] = " ".join(filter(None, (options, params.get("options"))))


def redirect_dsn(driver, dsn):
    return make_dsn(redirect(driver, parse_dsn(dsn)))


def point(environment):
    """Makes the PG* variables lead to scratch, for libpq, asyncpg and the programs a project starts."""
    for name in STEERING:
        environment.pop(name, None)
    for key in ("host", "port", "user", "database", "password", "sslmode"):
        if state.scratch.get(key) is not None:
            environment["PG" + key.upper()] = str(state.scratch[key])
    environment.update(state.scratch.get("more") or {})


def report_origin(driver, params):
    params = {**parse_dsn(params.get("dsn")), **{key: value for key, value in params.items() if value}}
    params = {key: ",".join(map(str, v)) if isinstance(v, (list, tuple)) else v for key, v in params.items()}
    host = params.get("hostaddr") or params.get("host") or os.environ.get("PGHOST", "")
    port = params.get("port") or os.environ.get("PGPORT", 5432)
    name = params.get("dbname") or params.get("database") or os.environ.get("PGDATABASE", "")
    home = "{host}:{port}/{database}".format(**state.scratch)
    origin = params.get("unix_sock") or f"{host}:{port}/{name}"
    origin = home if origin == "{host}/.s.PGSQL.{port}".format(**state.scratch) else origin
    if origin not in state.origins:
        # Our own walls call each other: the inner one sees scratch, which is no news then.
        state.origins.update((origin, home))
        state.channel.send("connect", **{"driver": driver, "from": origin, "redirected": origin != home})


def refuse(dialect, why):
    script = getattr(state.running, "script", None)
    if script is not None:
        line = line_in(script)
        why += f"; it is in revision {script.revision}" + (f", line {line}" if line else "")
    state.channel.send("refused", why=why, dialect=dialect)
    raise Refused(f"rebaseline refused a connection through `{dialect}`: {why}")


def wrap(owner, name, make):
    """Replaces `owner.name` by `make(original)`, once. A missing name raises: better no import than a gap."""
    original = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
    bound = isinstance(original, (classmethod, staticmethod))
    function = original.__func__ if bound else original
    if getattr(function, "rebaseline_wrapped", False):
        return
    wrapper = functools.wraps(function)(make(function))
    wrapper.rebaseline_wrapped = True
    setattr(owner, name, type(original)(wrapper) if bound else wrapper)


# The drivers ----------------------------------------------------------------------------------------------------------


def guard_psycopg2(module):
    """The C module. Its connection classes too: `connection(dsn)` and subclasses work without `connect`."""

    def guarded(base):
        def __init__(self, dsn, *args, **kwargs):
            base.__init__(self, redirect_dsn("psycopg2", dsn), *args, **kwargs)

        names = {"__init__": __init__, "__module__": base.__module__, "rebaseline_wrapped": True}
        return type(base.__name__, (base,), names)

    for name in ("connection", "ReplicationConnection"):
        base = getattr(module, name, None)
        if base is not None and not hasattr(base, "rebaseline_wrapped"):
            setattr(module, name, guarded(base))

    def make(original):
        def _connect(dsn, connection_factory=None, *args, **kwargs):
            return original(redirect_dsn("psycopg2", dsn), connection_factory or module.connection, *args, **kwargs)

        return _connect

    wrap(module, "_connect", make)
    for early in ("psycopg2", "psycopg2.extensions"):  # Imported before us, they hold copies.
        for name in ("connection", "ReplicationConnection", "_connect"):
            if hasattr(sys.modules.get(early), name):
                setattr(sys.modules[early], name, getattr(module, name))


def guard_psycopg2cffi(module):
    def make(original):
        def __init__(self, dsn, *args, **kwargs):
            original(self, redirect_dsn("psycopg2cffi", dsn), *args, **kwargs)

        return __init__

    wrap(module.Connection, "__init__", make)


def guard_psycopg(module):
    """`connect` for its keywords (and so that no real host name is looked up), `_connect_gen` because all end there."""

    def make_connect(original):
        def connect(cls, conninfo="", **kwargs):
            return original(cls, "", **redirect("psycopg", {**parse_dsn(conninfo), **kwargs}))

        return connect

    def make_gen(original):
        def _connect_gen(cls, conninfo="", **kwargs):
            return original(cls, redirect_dsn("psycopg", conninfo), **kwargs)

        return _connect_gen

    connection = getattr(module, "AsyncConnection", None) or module.Connection
    wrap(connection, "connect", make_connect)
    for base in [base for base in connection.__mro__ if "_connect_gen" in base.__dict__] or [connection]:
        wrap(base, "_connect_gen", make_gen)


def guard_asyncpg(module):
    def make(original):
        def _connect(**kwargs):
            dsn = parse_dsn(kwargs.get("dsn"))
            # asyncpg wants every argument it knows, and takes unknown parts of the URL as server settings.
            params = {**dict.fromkeys(kwargs), **redirect("asyncpg", kwargs)}
            known = WHERE.union(kwargs)
            extra = {k: v for k, v in dsn.items() if k not in known and not k.startswith(WHERE_PREFIXES)}
            if extra:
                params["server_settings"] = {**extra, **(params.get("server_settings") or {})}
            return original(**params)

        return _connect

    wrap(module, "_connect", make)


def guard_pg8000(module):
    def make(original):
        import inspect

        known = inspect.signature(original)

        def __init__(self, *args, **kwargs):
            params = dict(known.bind_partial(self, *args, **kwargs).arguments)
            params.pop(next(iter(known.parameters)))
            original(self, **redirect("pg8000", params))

        return __init__

    wrap(getattr(module, "CoreConnection", None) or module.Connection, "__init__", make)  # The latter before 1.17.


def refuse_driver(*names):
    """For clients we cannot lead to scratch. `names` are the attributes that connect."""

    def guard(module):
        def make(original):
            def connect(*args, **kwargs):
                refuse(module.__name__, "only PostgreSQL drivers can be led to scratch; nothing was contacted")

            return connect

        for name in names:
            owner, _, attribute = name.rpartition(".")
            owner = getattr(module, owner) if owner else module
            if hasattr(owner, attribute):
                wrap(owner, attribute, make)

    return guard


def guard_subprocess(module):
    """A project that builds its child's environment from nothing would lose us there."""

    def make(original):
        def __init__(self, args, *others, **kwargs):
            env = kwargs["env"] = dict(os.environ if kwargs.get("env") is None else kwargs["env"])
            point(env)
            env[VARIABLE] = state.settings
            env["PYTHONPATH"] = os.pathsep.join(filter(None, (HERE, env.get("PYTHONPATH"))))
            original(self, args, *others, **kwargs)

        return __init__

    wrap(module.Popen, "__init__", make)


# SQLAlchemy -----------------------------------------------------------------------------------------------------------

SQLALCHEMY_DRIVERS = {
    "psycopg2": "psycopg2",
    "psycopg2cffi": "psycopg2cffi",
    "psycopg": "psycopg",
    "psycopg_async": "psycopg",
    "asyncpg": "asyncpg",
    "pg8000": "pg8000",
}
GUARDED = set(SQLALCHEMY_DRIVERS.values())


def guard_sqlalchemy(module):
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.events import DialectEvents
    from sqlalchemy.pool import Pool

    report_versions(module)

    def connect(dialect, record, cargs, cparams):
        if dialect.name == "sqlite" and dialect.driver == "pysqlite" and list(cargs) == [":memory:"]:
            return None  # It is nowhere: nothing that is there can be changed by it.
        if dialect.name != "postgresql" or dialect.driver not in SQLALCHEMY_DRIVERS:
            name = dialect.name if dialect.name != "postgresql" else f"postgresql+{dialect.driver}"
            refuse(name, "a replay only runs on PostgreSQL, through a driver it knows; nothing was contacted")
        driver = SQLALCHEMY_DRIVERS[dialect.driver]
        dsn = cargs[0] if cargs and isinstance(cargs[0], str) else cparams.get("dsn")
        # Options in a connection string are kept; the SQLAlchemy dialects of asyncpg and pg8000 never take one.
        words = parse_dsn(dsn) if dsn and driver.startswith("psycopg") else {}
        return dialect.connect(**redirect(driver, {**words, **cparams}))

    def ours_alone(original):
        # A listener that returns a connection wins over those after it, whoever comes first. The project's own
        # listeners (IAM tokens, connectors) have nothing to say about scratch, and would reach for the network.
        def _listen(cls, event_key, *args, **kwargs):
            if event_key.identifier == "do_connect" and event_key.fn is not connect:
                code = getattr(event_key.fn, "__code__", None)
                state.channel.send("skipped", what="do_connect listener", where=code and code.co_filename)
                return None
            return original(cls, event_key, *args, **kwargs)

        return _listen

    def check(connection, record):
        # `creator=` and ready-made pools bypass do_connect. Their drivers are led to scratch; an unknown one is not.
        inner = connection
        while inner is not None:
            if any(base.__module__.partition(".")[0] in GUARDED for base in inner.__class__.__mro__):
                return
            inner = getattr(inner, "_connection", None)
        kind = type(connection)
        if kind.__module__ == "sqlite3" and not any(row[2] for row in connection.execute("PRAGMA database_list")):
            return
        refuse(f"{kind.__module__}.{kind.__qualname__}", "a pool was given a connection that need not lead to scratch")

    def remember(context):
        """The last error of the server itself: whoever swallows it sees only that the transaction is aborted."""
        told = told_by_server(context.original_exception)
        if told is not None and told["sqlstate"] != ABORTED:
            told["statement"] = shortened(context.statement)
            told["line"] = line_in(getattr(state.running, "script", None))
            state.running.error = told

    if not getattr(DialectEvents.__dict__["_listen"].__func__, "rebaseline_wrapped", False):
        wrap(DialectEvents, "_listen", ours_alone)
        event.listen(Engine, "handle_error", remember)
        event.listen(Engine, "do_connect", connect)
        event.listen(Pool, "connect", check)
        event.listen(Pool, "first_connect", check)  # SQLAlchemy 1.3 asks the server things before "connect".


# Alembic --------------------------------------------------------------------------------------------------------------

# One round trip. No percent sign and no parameter: they mean different things to different drivers.
EXISTING = """
WITH ours AS (
    SELECT n.oid, n.nspname AS schema FROM pg_namespace n
    WHERE left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'
), extension AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
)
SELECT json_build_object(
    'current_schema', current_schema(),
    'schemas', (SELECT coalesce(json_agg(o.schema ORDER BY o.schema), '[]') FROM ours o WHERE NOT EXISTS (
        SELECT FROM extension WHERE classid = 'pg_namespace'::regclass AND objid = o.oid)),
    'relations', (SELECT coalesce(json_agg(json_build_array(o.schema, c.relname, c.relkind)
            ORDER BY o.schema, c.relname), '[]')
        FROM pg_class c JOIN ours o ON o.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT EXISTS (
            SELECT FROM extension WHERE classid = 'pg_class'::regclass AND objid = c.oid)),
    'types', (SELECT coalesce(json_agg(json_build_array(o.schema, t.typname, t.typtype)
            ORDER BY o.schema, t.typname), '[]')
        FROM pg_type t JOIN ours o ON o.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c' OR t.typtype = 'b' AND NOT EXISTS (
            SELECT FROM pg_type e WHERE e.typarray = t.oid)) AND NOT EXISTS (
            SELECT FROM extension WHERE classid = 'pg_type'::regclass AND objid = t.oid)),
    'functions', (SELECT coalesce(json_agg(json_build_array(o.schema, p.proname,
            pg_get_function_identity_arguments(p.oid)) ORDER BY o.schema, p.proname, p.oid), '[]')
        FROM pg_proc p JOIN ours o ON o.oid = p.pronamespace
        WHERE NOT EXISTS (SELECT FROM extension WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
            AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid
                AND deptype = 'i'))
)::text
"""


def report_versions(module):
    found = {name: getattr(sys.modules.get(name), "__version__", None) for name in ("alembic", "sqlalchemy")}
    if all(found.values()) and not state.versions_sent:
        state.versions_sent = True
        state.channel.send("versions", **found)


ABORTED = "25P02"  # in_failed_sql_transaction


def shortened(text, length=20000):
    return text if text is None else str(text)[:length]  # An insert of seed rows can be megabytes.


def told_by_server(error):
    """What PostgreSQL said, in any driver's form; nothing for an error that the server did not make."""
    found = {"message": None, "detail": None, "hint": None, "sqlstate": None}
    while error is not None and found["sqlstate"] is None:
        first = error.args[0] if error.args else None
        diagnosis = getattr(error, "diag", None)
        found["sqlstate"] = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        if isinstance(first, dict) and "C" in first:  # pg8000
            found.update(sqlstate=first["C"], message=first.get("M"), detail=first.get("D"), hint=first.get("H"))
        elif getattr(diagnosis, "message_primary", None):
            found.update(
                message=diagnosis.message_primary, detail=diagnosis.message_detail, hint=diagnosis.message_hint
            )
        elif found["sqlstate"] is not None:
            own = error.__cause__ if getattr(error.__cause__, "sqlstate", None) else error  # asyncpg, wrapped or not
            found["message"] = getattr(own, "message", None) or str(own)
            found.update(detail=getattr(own, "detail", None), hint=getattr(own, "hint", None))
        error = getattr(error, "orig", None) or error.__cause__
    return None if found["sqlstate"] is None else {key: shortened(value, 4000) for key, value in found.items()}


def line_in(script):
    """The line of the revision's file that is being run in this thread."""
    frame = sys._getframe() if script is not None else None
    while frame is not None and frame.f_code.co_filename != script.path:
        frame = frame.f_back
    return frame and frame.f_lineno


def report_failure(error, script=None):
    if getattr(error, "rebaseline_reported", False):
        return
    error.__dict__["rebaseline_reported"] = (
        True  # On the error: holding it would keep its frames, and their connections, alive.
    )
    import traceback

    # The traceback's end is all SQLAlchemy: say where in the revision it was.
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if script is not None and frame.filename == script.path]
    lines = "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines()
    told = told_by_server(error)
    before = getattr(state.running, "error", None) if script is not None else None
    state.channel.send(
        "failed",
        revision=script and script.revision,
        file=script and script.path,
        line=own[-1] if own else None,
        type=f"{type(error).__module__}.{type(error).__qualname__}",
        message=shortened(error),
        traceback=[line[:2000] for line in lines[-30:]],
        sqlstate=told and told["sqlstate"],
        told=told and {**told, "statement": shortened(getattr(error, "statement", None))},
        swallowed=before if told is not None and told["sqlstate"] == ABORTED else None,
    )


def existing(context):
    """What is in the database already. Alembic has just read its version table, so a transaction is open if there will
    be one: asking earlier would begin it behind env.py's back, and the upgrade would be rolled back at the end."""
    # The driver's own cursor: SQLAlchemy sees no statement, so no listener, echo or autobegin takes part.
    cursor = context.connection.connection.cursor()
    try:
        cursor.execute(EXISTING)
        row = cursor.fetchone()
    finally:
        cursor.close()
    found = json.loads(row[0])
    version_table = [context.version_table_schema or found["current_schema"], context.version_table]
    found["relations"] = [relation for relation in found["relations"] if relation[:2] != version_table]
    return found


def prove(context):
    """Whether this connection is in the database that the parent holds a lock in. Nothing has been written yet."""
    proof = state.scratch.get("proof")
    if proof is None or context.as_sql:
        return
    cursor = context.connection.connection.cursor()
    try:
        cursor.execute(
            "SELECT count(*) FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database "
            "WHERE l.locktype = 'advisory' AND d.datname = current_database() AND l.granted AND l.objsubid = 2 "
            f"AND l.classid = {int(proof[0])} AND l.objid = {int(proof[1])}"
        )
        found = cursor.fetchone()[0]
    finally:
        cursor.close()
    if not found:
        refuse("postgresql", "the migrations are connected to another database than the one that is to be caught up")


def guard_alembic(module):
    def make_run(original):
        def run_migrations(self, **kwargs):
            plan = self._migrations_fn

            def reported_plan(heads, context):
                prove(self)
                state.channel.send(
                    "context",
                    version_table=self.version_table,
                    version_table_schema=self.version_table_schema,
                    transactional_ddl=bool(self.impl.transactional_ddl),
                    transaction_per_migration=bool(self._transaction_per_migration),
                    as_sql=bool(self.as_sql),
                    heads=sorted(heads),
                    existing=None if self.as_sql else existing(self),
                )
                return plan(heads, context)

            state.running.script = None
            state.channel.send("begin")
            self._migrations_fn = plan and reported_plan
            try:
                return original(self, **kwargs)
            except BaseException as error:
                report_failure(error, state.running.script)
                raise
            finally:
                self._migrations_fn = plan

        return run_migrations

    def make_step(original):
        def __init__(self, *args, **kwargs):
            original(self, *args, **kwargs)
            migrate = self.migration_fn

            @functools.wraps(migrate)
            def migration_fn(*args, **kwargs):
                script = state.running.script = self.revision
                state.channel.send("start", revision=script.revision, doc=script.doc, upgrade=self.is_upgrade)
                state.running.since, state.running.error = time.perf_counter(), None
                return migrate(*args, **kwargs)

            self.migration_fn = migration_fn

        return __init__

    def make_update(original):
        def update_to_step(self, step):
            original(self, step)
            if isinstance(step, module.RevisionStep):  # A stamp runs nothing.
                seconds = round(time.perf_counter() - getattr(state.running, "since", 0), 6)
                revision = step.revision.revision
                state.channel.send("applied", revision=revision, seconds=seconds, heads=sorted(self.heads))
                state.running.script = None

        return update_to_step

    def make_heads(original):
        def get_current_heads(self):
            # The command line takes one revision to begin with; a database can stand at several.
            if self.as_sql and state.scripts.get("start"):
                return tuple(state.scripts["start"])
            return original(self)

        return get_current_heads

    wrap(module.MigrationContext, "run_migrations", make_run)
    wrap(module.MigrationContext, "get_current_heads", make_heads)
    wrap(module.RevisionStep, "__init__", make_step)
    wrap(module.HeadMaintainer, "update_to_step", make_update)


def guard_scripts(module):
    """Which revisions Alembic sees, and which of them it runs: as the parent says."""

    def make_load(original):
        def load(cls, scriptdir, *where):
            path = os.path.realpath(os.path.join(*where))
            return None if path in state.scripts.get("hidden", ()) else original(cls, scriptdir, *where)

        return load

    def make_upgrade(original):
        def _upgrade_revs(self, *args, **kwargs):
            steps = original(self, *args, **kwargs)
            only = state.scripts.get("only")
            return steps if only is None else [step for step in steps if step.revision.revision in only]

        return _upgrade_revs

    def make_env(original):
        def run_env(self):
            if state.env is None:
                return original(self)
            from importlib.util import module_from_spec, spec_from_file_location

            spec = spec_from_file_location("env_py", state.env)
            spec.loader.exec_module(module_from_spec(spec))

        return run_env

    # Older versions load the files of a folder by their names.
    name = "_from_filename" if hasattr(module.Script, "_from_filename") else "_from_path"
    wrap(module.Script, name, make_load)
    wrap(module.ScriptDirectory, "_upgrade_revs", make_upgrade)
    wrap(module.ScriptDirectory, "run_env", make_env)
    guard_version_locations(module.ScriptDirectory)


def guard_version_locations(directory):
    computed = directory.__dict__["_version_locations"]
    if isinstance(computed, property):
        return

    def make(original):
        def __init__(self, *args, **kwargs):
            original(self, *args, **kwargs)
            if state.scripts.get("locations") is not None:
                self.version_locations = list(state.scripts["locations"])

        return __init__

    def locations(self):
        found = computed.fget(self)
        if state.scripts.get("locations") is None:
            return found
        return [type(found[0])(location) for location in state.scripts["locations"]]  # str once, Path in new versions.

    wrap(directory, "__init__", make)
    # A property that cannot be assigned to: whatever env.py sets at run time comes too late.
    directory._version_locations = property(locations, lambda self, value: None)


def guard_loading(module):
    """A revision whose text will change is loaded from the new text, under the name and place of the old file."""

    def make(original):
        def load_module_py(module_id, path, *args, **kwargs):
            text = state.scripts.get("replaced", {}).get(os.path.realpath(path))
            stub = state.scripts.get("stubs", {}).get(os.path.realpath(path))
            if text is None and stub is None:
                return original(module_id, path, *args, **kwargs)
            from importlib.machinery import SourceFileLoader
            from importlib.util import module_from_spec, spec_from_file_location

            class Loader(SourceFileLoader):
                def get_data(self, path):
                    if path != self.path:
                        raise OSError("no cached form of a file that changes")
                    if stub is not None:
                        return stub.encode()
                    with open(text, "rb") as file:
                        return file.read()

            spec = spec_from_file_location(module_id, path, loader=Loader(module_id, str(path)))
            loaded = module_from_spec(spec)
            spec.loader.exec_module(loaded)
            return loaded

        return load_module_py

    wrap(module, "load_module_py", make)


# Files that are not where they were -----------------------------------------------------------------------------------

GONE = "the file of a squashed revision, which will not be there any more"


class Missing:
    """Squashed files cannot be imported while a squash is proved: what works now would fail after it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not state.scripts.get("gone") or name in HOOKS:
            return None
        for finder in sys.meta_path:
            spec = finder is not Missing and hasattr(finder, "find_spec") and finder.find_spec(name, path, target)
            if spec:
                if spec.origin and is_gone(spec.origin):
                    raise ModuleNotFoundError(f"No module named {name!r}: it is {GONE}", name=name)
                return spec
        return None


class Moved:
    """Archived revisions may import each other by their package, which is the project's: their files lie elsewhere."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        from importlib.machinery import PathFinder

        for old, new in state.scripts.get("moved", ()):
            for place in sys.path if path is None else path:
                place = os.path.realpath(place or os.curdir)
                if place == old or place.startswith(old + os.sep):
                    spec = PathFinder.find_spec(name, [new + place[len(old) :]])
                    if spec:
                        return spec
        return None


def is_gone(path):
    """Whether this is a squashed file, or what Python keeps of it."""
    name, gone = os.path.basename(path), state.scripts.get("gone", ())
    if name.endswith(".pyc"):
        path = os.path.join(os.path.dirname(os.path.dirname(path)), name.split(".", 1)[0] + ".py")
    # Cheap first: every file that is opened is looked at.
    return name.split(".", 1)[0] in gone_names() and os.path.realpath(path) in gone


def gone_names():
    gone = state.scripts.get("gone", ())
    if state.gone_names[0] is not gone:
        state.gone_names = (gone, {os.path.basename(path).split(".", 1)[0] for path in gone})
    return state.gone_names[1]


def hear_open(event, arguments):
    """An audit hook: squashed files cannot be read either, and are in no listing of a folder."""
    if event == "open" and state.scripts.get("gone") and isinstance(arguments[0], (str, bytes)):
        path = os.fsdecode(arguments[0])
        if is_gone(path):
            raise FileNotFoundError(errno.ENOENT, f"this is {GONE}", path)


def guard_files():
    """Once there are such files: everybody else is spared the hook."""
    if state.guards_files or not state.scripts.get("gone"):
        return
    state.guards_files = True

    def make_listdir(original):
        @functools.wraps(original)
        def listdir(path="."):
            names = original(path)
            if not state.scripts.get("gone") or not isinstance(path, (str, os.PathLike)):
                return names
            return [name for name in names if not is_gone(os.path.join(path, name))]

        return listdir

    class Listing:
        def __init__(self, entries):
            self.entries = entries

        def __iter__(self):
            return self

        def __next__(self):
            while True:
                entry = next(self.entries)
                if isinstance(entry.path, bytes) or not is_gone(entry.path):
                    return entry

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.close()

        def close(self):
            self.entries.close()

    def make_scandir(original):
        @functools.wraps(original)
        def scandir(path="."):
            entries = original(path)
            return Listing(entries) if state.scripts.get("gone") else entries

        return scandir

    os.listdir, os.scandir = make_listdir(os.listdir), make_scandir(os.scandir)
    sys.addaudithook(hear_open)
    sys.meta_path.insert(0, Missing)


# Start-up -------------------------------------------------------------------------------------------------------------

HOOKS = {
    "sqlalchemy": guard_sqlalchemy,
    "alembic": report_versions,
    "alembic.runtime.migration": guard_alembic,
    "alembic.script.base": guard_scripts,
    "alembic.util.pyfiles": guard_loading,
    "psycopg2._psycopg": guard_psycopg2,
    "psycopg2cffi._impl.connection": guard_psycopg2cffi,
    "psycopg.connection": guard_psycopg,
    "psycopg.connection_async": guard_psycopg,
    "asyncpg.connect_utils": guard_asyncpg,
    "pg8000.core": guard_pg8000,
    "subprocess": guard_subprocess,
    "google.cloud.sql.connector.connector": refuse_driver("Connector.connect", "Connector.connect_async"),
    "google.cloud.alloydbconnector.connector": refuse_driver("Connector.connect"),
    "google.cloud.alloydbconnector.async_connector": refuse_driver("AsyncConnector.connect"),
    "adbc_driver_postgresql": refuse_driver("connect"),
    "pgdb": refuse_driver("connect"),
    "pymysql": refuse_driver("connect", "Connect"),
    "MySQLdb": refuse_driver("connect", "Connect"),
    "mysql.connector": refuse_driver("connect"),
    "aiomysql": refuse_driver("connect", "create_pool"),
    "asyncmy": refuse_driver("connect", "create_pool"),
    "pyodbc": refuse_driver("connect"),
    "pymssql": refuse_driver("connect"),
    "oracledb": refuse_driver("connect", "connect_async"),
    "cx_Oracle": refuse_driver("connect"),
}


class Finder:
    """Runs the hook of a module right after the module itself, before anyone can take a name from it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in HOOKS:
            return None
        for finder in sys.meta_path:
            spec = finder is not Finder and hasattr(finder, "find_spec") and finder.find_spec(name, path, target)
            if spec:
                break
        else:
            return None
        loader = spec.loader
        if hasattr(loader, "exec_module") and not hasattr(loader, "rebaseline_wrapped"):
            load = loader.exec_module

            def exec_module(module):
                load(module)
                # By the module's own name: the loader of a zip file serves all modules in it.
                if module.__name__ in HOOKS:
                    run_hook(module)

            # On the loader itself, not around it: others look at its type and ask it for resources.
            loader.exec_module = exec_module
            loader.rebaseline_wrapped = True
        return spec


def run_hook(module):
    try:
        HOOKS[module.__name__](module)
    except Exception as error:
        why = f"cannot guard this version ({type(error).__name__}: {error})"
        state.channel.send("refused", why=why, dialect=module.__name__)
        raise ImportError(f"rebaseline: {module.__name__}: {why}") from error


class State:
    """What this process was told, and what it has told."""

    def __init__(self, settings):
        self.settings = json.dumps({**settings, "preload": False})
        self.scratch = settings["scratch"]
        self.scripts = settings.get("scripts") or {}
        self.env = settings.get("env")  # A file that is run in the place of env.py.
        self.gone_names = ((), set())
        self.guards_files = False
        self.origins = set()
        self.versions_sent = False
        self.running = threading.local()
        self.job = None
        self.channel = Channel(settings["channel"])


def preload(settings, modules):
    """Imports what is slow, then waits for the parent's word, which may carry newer settings."""
    loaded = []
    for name in modules:
        try:
            __import__(name)
            loaded.append(name)
        except Exception:  # Whoever needs it will see the error again.
            pass
    state.channel.send("ready", loaded=loaded)
    word = state.channel.receive()
    while "copy" in word:
        if copy(settings, word["copy"]):
            state.channel.send("ready", loaded=loaded)
        word = state.channel.receive()
    obey(settings, word)


def copy(settings, place):
    """Makes a second process that waits for a parent's words as this one does, and has imported what this one has.
    Says whether it is the new one. Its parent is not this process: a project that waits for its children must not
    meet one that it never started."""
    state.channel.copying = True
    try:
        between = os.fork()
        if between == 0 and os.fork():
            os._exit(0)
    finally:
        state.channel.copying = False
    if between:
        os.waitpid(between, 0)
        return False
    try:
        os.setpgid(0, 0)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as output:
            output.connect(place["output"])
            os.dup2(output.fileno(), 2)
        settings["channel"] = state.channel.path = place["channel"]
        state.settings = json.dumps({**settings, "preload": False})
        state.channel.open()
    except BaseException:  # Nobody hears it; the parent starts a process in the ordinary way.
        os._exit(EXIT_CODE)
    return True


def obey(settings, word):
    """Takes over what the parent's word changes."""
    state.job = word
    state.scratch = settings["scratch"] = word.get("scratch") or state.scratch
    if "scripts" in word:
        state.scripts = settings["scripts"] = word["scripts"] or {}
        guard_files()
    for name, value in word.get("environ", {}).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    # Children of this process get the settings of now, and nobody will give them a word to go on.
    state.settings = os.environ[VARIABLE] = json.dumps({**settings, "preload": False})


def jobs():
    """For the launcher: the words of the parent, one job each, until the parent says `stop`."""
    while not state.job.get("stop"):
        yield state.job
        obey(json.loads(state.settings), state.channel.words.get())


def finished(code):
    state.channel.send("finished", code=code)


def install():
    global state
    settings = json.loads(os.environ[VARIABLE])
    sys.modules["rebaseline_shim"] = sys.modules[__name__]  # Ours, once the shadowed module has taken its name.
    state = State(settings)
    sys.meta_path.insert(0, Finder)
    sys.meta_path.append(Moved)
    guard_files()
    for name in HOOKS:  # A .pth file may have been quicker.
        if name in sys.modules:
            run_hook(sys.modules[name])
    excepthook = sys.excepthook

    def report_uncaught(kind, error, trace):
        report_failure(error)
        excepthook(kind, error, trace)

    sys.excepthook = report_uncaught
    modules = settings.pop("preload", None)
    if modules:
        preload(settings, modules)
    state.channel.watch()


def run_shadowed():
    """Runs the environment's own sitecustomize. Its errors go where Python expects them: out of this import."""
    from importlib.machinery import PathFinder

    others = [path for path in sys.path if os.path.realpath(path) != os.path.realpath(HERE)]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    from importlib.util import module_from_spec

    module = sys.modules["sitecustomize"] = module_from_spec(spec)
    spec.loader.exec_module(module)


if VARIABLE in os.environ and "rebaseline_shim" not in sys.modules:
    try:
        install()
    except BaseException as error:  # Python would print it and go on, unguarded.
        die(f"cannot start: {type(error).__name__}: {error}")
run_shadowed()
