"""./dev bench: figures as ratios within one run, medians of at least five.

    a  alembic upgrade heads, on a server that runs already with the scratch server's settings
    b  the same, followed by pg_dump
    c  rebaseline squash --dry-run, from nothing, proof included
    d  rebaseline audit against alembic heads
    e  a fresh database from the baseline against the full history
    f  c with --once: without the second replay
    g  the render stage with --style ops against --style sql
    i  rebaseline audit of 10,000 revision files, with the rules on what they do and without
    h  rebaseline stamp of many databases, against a loop of alembic stamp and against the same statements sent by
       bare connections, as many at once

and of large baselines, 5,000 tables and 200,000 rows (once each: they take long): the time of a squash, the peak
memory of rebaseline, and time and peak memory of the upgrade of a fresh database.

Timing decides no test: these figures are for people.
"""

import argparse
import asyncio
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import asyncpg

SETTINGS = [
    "listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=logical",
    "max_wal_senders=0", "autovacuum=off", "jit=off", "shared_buffers=32MB", "timezone=UTC",
    "max_locks_per_transaction=1024", "dynamic_shared_memory_type=mmap",
]

ENV = """
import os
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = '''"""step {n}

Revision ID: {rev}
Revises: {down}
Create Date: 2024-01-01 00:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = "{rev}"
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
{body}


def downgrade():
    pass
'''


def body(n):
    table = f"t{n // 10 * 10}"
    kinds = {
        0: f"""    op.create_table(
        "{table}",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, server_default="x"),
    )""",
        3: f'    op.create_index("ix_{table}_{n}", "{table}", ["name"])',
        5: f"    op.execute(\"INSERT INTO {table} (name) VALUES ('row {n}')\")",
        7: f'    op.alter_column("{table}", "name", type_=sa.String(120))',
    }
    return kinds.get(n % 10, f'    op.add_column("{table}", sa.Column("c{n}", sa.Integer, server_default="{n}"))')


def generated(folder, count):
    versions = os.path.join(folder, "migrations", "versions")
    os.makedirs(versions)
    with open(os.path.join(folder, "alembic.ini"), "w") as file:
        file.write("[alembic]\nscript_location = migrations\n")
    with open(os.path.join(folder, "migrations", "env.py"), "w") as file:
        file.write(ENV)
    down = None
    for n in range(count):
        rev = f"{n:012x}"
        with open(os.path.join(versions, f"{rev}_step_{n}.py"), "w") as file:
            file.write(REVISION.format(n=n, rev=rev, down=down, body=body(n)))
        down = rev


class Server:
    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda p: int(p.split("/")[4]))
        self.bin = os.path.dirname(os.path.realpath(found[-1] if found else shutil.which("postgres")))
        room = "/dev/shm" if os.path.isdir("/dev/shm") else None
        self.folder = tempfile.mkdtemp(prefix="rebaseline-bench-", dir=room)
        self.user = None
        if os.getuid() == 0:
            self.user = "postgres"
            shutil.chown(self.folder, "postgres")
        data = os.path.join(self.folder, "data")
        self.call(
            "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale",
            "--wal-segsize=1", "-D", data,
        )
        flags = [word for setting in SETTINGS for word in ("-c", setting)]
        self.process = subprocess.Popen(
            [os.path.join(self.bin, "postgres"), "-D", data, "-k", self.folder, *flags],
            user=self.user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        while subprocess.call(
            [os.path.join(self.bin, "pg_isready"), "-q", "-h", self.folder], stdout=subprocess.DEVNULL
        ):
            time.sleep(0.05)

    def call(self, program, *arguments):
        command = [os.path.join(self.bin, program), *arguments]
        subprocess.run(command, check=True, user=self.user, cwd="/", stdout=subprocess.DEVNULL)

    def fresh(self, name="bench"):
        """An empty database; roles of an earlier run are gone too."""
        psql = [os.path.join(self.bin, "psql"), "-qX", "-h", self.folder, "-U", "postgres", "-c"]
        subprocess.run([*psql, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"], check=True,
                       stderr=subprocess.DEVNULL)
        roles = "SELECT rolname FROM pg_roles WHERE oid >= 16384"
        names = subprocess.run([*psql[:-1], "-Atc", roles], check=True, capture_output=True, text=True)
        for role in names.stdout.split():
            subprocess.run([*psql, f'DROP ROLE "{role}"'], check=True)
        subprocess.run([*psql, f"CREATE DATABASE {name}"], check=True)
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def timed(command, folder, env):
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout}\n{done.stderr}")
    return seconds


def watched(command, folder, env):
    """Seconds and the peak memory in MB of the process itself, without its children."""
    started, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    found = [line.split()[1] for line in status if line.startswith("VmHWM")]
                peak = max([peak, *map(int, found)])
            except OSError:
                pass
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        if process.returncode:
            output.seek(0)
            sys.exit(f"{command} failed:\n{output.read().decode()}")
    return seconds, peak / 1024


def large(label, folder, bodies, tool, server):
    versions = os.path.join(folder, "migrations", "versions")
    os.makedirs(versions)
    with open(os.path.join(folder, "alembic.ini"), "w") as file:
        file.write("[alembic]\nscript_location = migrations\n")
    with open(os.path.join(folder, "migrations", "env.py"), "w") as file:
        file.write(ENV)
    for n, text in enumerate(bodies):
        down = f"l{n - 1}" if n else None
        with open(os.path.join(versions, f"l{n}_.py"), "w") as file:
            file.write(REVISION.format(n=n, rev=f"l{n}", down=down, body=text))
    env = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONDONTWRITEBYTECODE": "1"}
    env["DATABASE_URL"] = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    squash, memory = watched([tool, "squash"], folder, env)
    sql = sum(os.path.getsize(path) for path in glob.glob(os.path.join(versions, "*.sql"))) / 1e6
    env["DATABASE_URL"] = server.fresh()
    apply, used = watched([sys.executable, "-m", "alembic", "upgrade", "heads"], folder, env)
    print(f"\n{label}, {sql:.1f} MB of SQL, once")
    print(f"  squash, proof included   {squash:7.2f} s, peak {memory:5.0f} MB")
    print(f"  a fresh database from it {apply:7.2f} s, peak {used:5.0f} MB", flush=True)


def tables(n):
    make = """    for i in range({0}, {0} + 50):
        op.create_table(
            f"big{{i}}",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(80), nullable=False, server_default="x", unique=True),
            sa.Column("other", sa.Integer, sa.ForeignKey(f"big{{max(i - 1, 0)}}.id")),
        )"""
    return make.format(n * 50)


ROWS = """    op.execute("CREATE TABLE fact (id int PRIMARY KEY, code varchar(40) NOT NULL, label text, amount numeric(12,2))")
    op.execute("INSERT INTO fact SELECT i, 'code-' || i, 'a label of some length, with number ' || i || ' in it', "
               "i * 1.25 FROM generate_series(1, 200000) i")"""

VOLATILE = """    op.execute("CREATE TABLE fact (id int PRIMARY KEY, label text, made timestamptz DEFAULT now(), ref uuid NOT NULL)")
    op.execute("INSERT INTO fact SELECT i, 'number ' || i, clock_timestamp(), gen_random_uuid() "
               "FROM generate_series(1, 50000) i")"""


def measure(label, folder, tool, server, runs):
    python = sys.executable
    alembic = [python, "-m", "alembic"]
    base = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONDONTWRITEBYTECODE": "1"}
    base.pop("SOURCE_DATE_EPOCH", None)

    def env(url):
        return {**base, "DATABASE_URL": url}

    dump = [os.path.join(server.bin, "pg_dump"), "-h", server.folder, "-U", "postgres",
            "--column-inserts", "-f", os.devnull, "bench"]
    times = {name: [] for name in "a b c f d_ours d_alembic e g_ops g_sql".split()}

    def render(style, environment):
        command = [tool, "--format", "json", "squash", "--dry-run", "--once", "--style", style]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)["seconds"]["render"]

    squashed = tempfile.mkdtemp(prefix="rebaseline-bench-")
    shutil.copytree(folder, squashed, dirs_exist_ok=True)
    timed([tool, "squash"], squashed, env("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    # The first round warms caches and is not counted.
    for turn in range(runs + 1):
        url = server.fresh()
        a = timed([*alembic, "upgrade", "heads"], folder, env(url))
        b = a + timed(dump, folder, base)
        c = timed([tool, "squash", "--dry-run"], folder, env(url))
        f = timed([tool, "squash", "--dry-run", "--once"], folder, env(url))
        ours = timed([tool, "audit"], folder, base)
        theirs = timed([*alembic, "heads"], folder, env(url))
        url = server.fresh()
        e = timed([*alembic, "upgrade", "heads"], squashed, env(url))
        ops, sql = render("ops", env(url)), render("sql", env(url))
        if turn:
            for name, value in zip(times, (a, b, c, f, ours, theirs, e, ops, sql)):
                times[name].append(value)
    shutil.rmtree(squashed)
    median = {name: statistics.median(values) for name, values in times.items()}

    def ratio(one, other):
        values = [x / y for x, y in zip(times[one], times[other])]
        return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"

    print(f"\n{label}, median of {runs}")
    print(f"  a  alembic upgrade heads            {median['a']:7.3f} s")
    print(f"  b  the same and pg_dump             {median['b']:7.3f} s")
    print(f"  c  rebaseline squash --dry-run      {median['c']:7.3f} s   c/a {ratio('c', 'a')}   c/b {ratio('c', 'b')}")
    print(f"  f  the same with --once             {median['f']:7.3f} s   c/f {ratio('c', 'f')}")
    print(f"  d  rebaseline audit                 {median['d_ours']:7.3f} s   against alembic heads "
          f"{median['d_alembic']:.3f} s: {ratio('d_ours', 'd_alembic')}")
    print(f"  e  fresh database from the baseline {median['e']:7.3f} s   e/a {ratio('e', 'a')}")
    print(f"  g  render, style ops                {median['g_ops']:7.3f} s   against sql {median['g_sql']:.3f} s: "
          f"{ratio('g_ops', 'g_sql')}", flush=True)


STATEMENTS = [
    "BEGIN",
    "SET LOCAL lock_timeout = 5000",
    "SELECT pg_advisory_xact_lock(hashtextextended('rebaseline alembic_version', 0))",
    "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.oid = to_regclass('alembic_version')",
    "LOCK TABLE public.alembic_version IN SHARE ROW EXCLUSIVE MODE",
    "SELECT version_num::text FROM public.alembic_version ORDER BY 1",
    "DELETE FROM public.alembic_version",
    "INSERT INTO public.alembic_version (version_num) SELECT unnest(ARRAY['{}'])",
    "COMMIT",
]


async def bare(server, names, revision, jobs):
    """The statements of a stamp, one message each, over bare connections."""
    room = asyncio.Semaphore(jobs)

    async def one(name):
        async with room:
            connection = await asyncpg.connect(host=server.folder, user="postgres", database=name)
            for statement in STATEMENTS:
                await connection.execute(statement.format(revision))
            await connection.close()

    started = time.perf_counter()
    await asyncio.gather(*map(one, names))
    return time.perf_counter() - started


def fleet(work, tool, server, runs, count, sample=20, jobs=16):
    old, new = os.path.join(work, "fleet"), os.path.join(work, "fleet-squashed")
    generated(old, 3)
    shutil.copytree(old, new)
    base = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONDONTWRITEBYTECODE": "1"}
    timed([tool, "squash", "--revision-id", "fresh"], new, {**base, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    alembic = [sys.executable, "-m", "alembic"]
    timed([*alembic, "upgrade", "heads"], old, {**base, "DATABASE_URL": server.fresh()})
    names = [f"fleet_{n}" for n in range(count)]
    psql = [os.path.join(server.bin, "psql"), "-qX", "-h", server.folder, "-U", "postgres", "-v", "ON_ERROR_STOP=1"]
    script = "".join(f"CREATE DATABASE {name} TEMPLATE bench;\n" for name in names)
    subprocess.run(psql, input=script, text=True, check=True)
    url = "postgresql+psycopg://postgres@/{}?host=" + server.folder
    with open(os.path.join(new, "targets.txt"), "w") as file:
        file.writelines(url.format(name) + "\n" for name in names)
    head = f"{2:012x}"
    times = {"checked": [], "ours": [], "alembic": [], "bare": []}
    stamp = [tool, "stamp", "--targets", "targets.txt", "--jobs", str(jobs)]
    for turn in range(runs + 1):
        checked = timed(stamp, new, base) / count
        asyncio.run(bare(server, names, head, jobs))
        ours = timed([*stamp, "--no-drift-check"], new, base) / count
        raw = asyncio.run(bare(server, names, head, jobs)) / count
        theirs = 0
        for name in names[:sample]:
            env = {**base, "DATABASE_URL": url.format(name)}
            theirs += timed([*alembic, "stamp", "--purge", "fresh"], new, env) / sample
        asyncio.run(bare(server, names, head, jobs))
        if turn:
            for name, value in zip(times, (checked, ours, theirs, raw)):
                times[name].append(value)
    median = {name: statistics.median(values) * 1000 for name, values in times.items()}
    print(f"\nh  stamping {count} databases, {jobs} at once, median of {runs}, for each database")
    print(f"     rebaseline stamp                 {median['checked']:8.2f} ms")
    print(f"     the same with --no-drift-check   {median['ours']:8.2f} ms")
    print(f"     alembic stamp, one by one        {median['alembic']:8.2f} ms   {median['alembic'] / median['ours']:.0f} times as long")
    print(f"     bare connections                 {median['bare']:8.2f} ms   "
          f"our throughput is {median['bare'] / median['ours']:.2f} of theirs", flush=True)


def audits(work, tool, runs, count=10_000):
    folder = os.path.join(work, "audits")
    generated(folder, count)
    times = {"all": [], "structure": []}
    for turn in range(runs + 1):
        for name, more in (("all", []), ("structure", ["--structure"])):
            seconds = timed([tool, "audit", *more], folder, dict(os.environ))
            if turn:
                times[name].append(seconds)
    every, structure = (statistics.median(times[name]) for name in times)
    print(f"\ni  audit of {count} revision files, median of {runs}")
    print(f"     all rules                        {every:8.3f} s")
    print(f"     --structure                      {structure:8.3f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", help="the release binary")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-large", action="store_true", help="without the large baselines")
    parser.add_argument("--revisions", type=int, default=1000)
    parser.add_argument("--databases", type=int, default=500)
    parser.add_argument("--only", choices=["squash", "fleet", "audit"], help="leave the others out")
    arguments = parser.parse_args()
    tool = os.path.abspath(arguments.tool)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    server = Server()
    work = tempfile.mkdtemp(prefix="rebaseline-bench-")
    try:
        if arguments.only in (None, "audit"):
            audits(work, tool, arguments.runs)
        if arguments.only == "audit":
            return
        if arguments.only != "squash":
            fleet(work, tool, server, arguments.runs, arguments.databases)
        if arguments.only == "fleet":
            return
        shutil.copytree(os.path.join(root, "examples", "catering"), os.path.join(work, "catering"))
        measure("examples/catering", os.path.join(work, "catering"), tool, server, arguments.runs)
        folder = os.path.join(work, "generated")
        generated(folder, arguments.revisions)
        label = f"a generated history of {arguments.revisions} revisions"
        measure(label, folder, tool, server, arguments.runs)
        if not arguments.no_large:
            large("5,000 tables", os.path.join(work, "tables"), map(tables, range(100)), tool, server)
            large("200,000 rows", os.path.join(work, "rows"), [ROWS], tool, server)
            large("50,000 rows that change", os.path.join(work, "volatile"), [VOLATILE], tool, server)
    finally:
        server.stop()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
