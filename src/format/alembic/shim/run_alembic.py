"""Runs Alembic as its console script would: `python run_alembic.py upgrade head`.

The console script may be missing, or belong to another Python than the one we were told to use. Exit code 87 means
that this Python has no Alembic; nothing was run then.

Where the shim has been told to wait, the arguments come from the parent, one job after the other: an interpreter that
has imported Alembic once runs several commands.
"""

import contextlib
import os
import sys
import traceback
import warnings

EXIT_CODE = 87


@contextlib.contextmanager
def printing_to(path):
    """Leads everything that is printed, by whatever means, into a file."""
    if path is None:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 1)
    os.close(file)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def write_hooks(arguments, path):
    """Runs the project's [post_write_hooks] on a file, as `alembic revision` does on a new one."""
    from alembic.config import CommandLine
    from alembic.script import ScriptDirectory
    from alembic.script import write_hooks as hooks

    class Line(CommandLine):
        # The arguments name some command; what counts is the configuration that Alembic makes of them.
        def run_cmd(self, config, options):
            script = ScriptDirectory.from_config(config)
            if getattr(script, "hooks", None):
                hooks._run_hooks(path, script.hooks)

    Line(prog="alembic").main(argv=arguments)


def run_job(main, shim, job):
    try:
        with printing_to(job.get("stdout")):
            if job.get("hooks"):
                write_hooks(job["arguments"], job["hooks"])
            else:
                main(argv=job["arguments"], prog="alembic")
        return 0
    except SystemExit as error:
        # Alembic's own errors end so, with a message on stderr.
        return 0 if not error.code else 1
    except BaseException as error:
        shim.report_failure(error)
        traceback.print_exc()
        return 1
    finally:
        sys.stderr.flush()


def run_apart(main, shim, job):
    """Runs a job in a process of its own: a copy of this one, which has imported Alembic and nothing of the project."""
    sys.stdout.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # We have a thread, and it holds no lock: it waits for the parent.
        child = os.fork()
    if child == 0:
        code = 1
        try:
            code = run_job(main, shim, job)
            sys.stdout.flush()
            shim.finished(code)  # By the child: what it told before comes first then.
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    if not (os.WIFEXITED(status) and os.WEXITSTATUS(status) in (0, 1)):
        sys.stderr.write("rebaseline: the migrations' process ended by itself\n")
        sys.stderr.flush()
        shim.finished(1)
        return 1
    return os.WEXITSTATUS(status)


def run():
    # Python put this file's folder first. A console script has the environment's bin folder there.
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == here:
        sys.path[0] = os.path.dirname(os.path.abspath(sys.executable))
    shim = sys.modules.get("rebaseline_shim")
    path = list(sys.path)
    sys.argv[0] = "alembic"
    try:
        from alembic.config import main
    except ImportError as error:
        sys.stderr.write(f"rebaseline: {sys.executable} cannot import alembic: {error}\n")
        return EXIT_CODE
    if shim is None or shim.state.job is None:
        return main(prog="alembic")
    code = 0
    for job in shim.jobs():
        if job.get("fork"):
            code = run_apart(main, shim, job)
            continue
        sys.path[:] = path  # `prepend_sys_path` is added at every run.
        code = run_job(main, shim, job)
        shim.finished(code)
    return code


if __name__ == "__main__":
    sys.exit(run())
