"""44 tools of a coding agent, as they stand in a request."""

from __future__ import annotations

from typing import Final

from windtunnel.client.demo.fields import (
    FOLDER,
    GLOB,
    PATH,
    POSITION,
    RANGE,
    REF,
    TIMEOUT,
    Schema,
    fields,
    flag,
    many,
    one_of,
    text,
    tool,
    whole,
)

FILES: Final[tuple[Schema, ...]] = (
    tool(
        "file_read",
        "Read a text file, all of it or a range of lines. Lines come with their numbers. Read a file before you change it.",
        "path",
        path=PATH,
        lines=RANGE,
    ),
    tool(
        "file_read_many",
        "Read several files at once; cheaper than one call each when you know which ones you need.",
        "files",
        files=many("What to read.", fields("A file, or part of one.", "path", path=PATH, lines=RANGE), 1),
        max_bytes=whole("Bytes of each file at most.", 1, 1_000_000, default=100_000),
    ),
    tool(
        "file_write",
        "Write a whole file, new or in the place of an old one. Prefer file_edit for a file that exists.",
        "path content",
        path=PATH,
        content=text("All of the new content."),
        if_exists=one_of("What to do where there is such a file.", "fail", "replace"),
    ),
    tool(
        "file_edit",
        "Replace passages of a file. Each old passage has to be there exactly once, unless all of its places are meant.",
        "path edits",
        path=PATH,
        edits=many(
            "In order; all of them or none are made.",
            fields(
                "One replacement.",
                "old new",
                old=text("The passage as it stands, with its indentation."),
                new=text("What takes its place; empty to take it away."),
                everywhere=flag("Replace it wherever it stands."),
            ),
            1,
        ),
    ),
    tool(
        "file_patch",
        "Apply a unified diff to one file or to several. Refused as a whole where a hunk does not fit.",
        "diff",
        diff=text("The diff, with a/ and b/ before the paths."),
        fuzz=whole("Lines of context that may differ.", 0, 3, default=0),
    ),
    tool(
        "file_move",
        "Move or rename a file or a folder, and say whether imports should follow.",
        "source target",
        source=PATH,
        target=PATH,
        update_imports=flag("Change the imports of other files, where the language server can."),
    ),
    tool(
        "file_delete",
        "Delete files. They can be had back from version control only if they were in it.",
        "paths reason",
        paths=many("Files to delete.", PATH, 1),
        reason=text("Why they are no longer needed, for the record."),
    ),
    tool(
        "file_list",
        "List a folder, as a tree down to a depth, with sizes and without what version control ignores.",
        folder=FOLDER,
        depth=whole("Levels below the folder.", 1, 10, default=2),
        ignored=flag("List what version control ignores too."),
    ),
    tool(
        "file_stat",
        "Tell size, kind, owner, permissions and time of change of files without reading them.",
        "paths",
        paths=many("Files or folders.", PATH, 1),
    ),
)

SEARCH: Final[tuple[Schema, ...]] = (
    tool(
        "search_text",
        "Find lines that match a regular expression. Narrow it by paths first: a search over everything is slow to read.",
        "pattern",
        pattern=text("Regular expression; escape what is meant literally."),
        paths=many("Only files that one of these patterns fits.", GLOB),
        context_lines=whole("Lines to show before and behind each match.", 0, 20, default=0),
        case=one_of("How case counts.", "exact", "ignored", "smart"),
        max_matches=whole("Stop after so many.", 1, 1_000, default=100),
    ),
    tool(
        "search_files",
        "Find files by their path. The newest come first.",
        "glob",
        glob=GLOB,
        changed_within_days=whole("Only files changed so lately.", 1),
    ),
    tool(
        "search_symbol",
        "Find where a function, class, method or constant is defined, by name or part of a name.",
        "name",
        name=text("The name; a dot parts a class from its method."),
        kinds=many("Kinds to look for.", one_of("A kind.", "function", "class", "method", "constant", "type")),
        language=one_of("Only this language.", "python", "typescript", "go", "rust", "java", "c", "cpp", "ruby"),
    ),
    tool(
        "search_meaning",
        "Find passages of the project that are about something, in words of your own. For exact names use the others.",
        "about",
        about=text("A sentence on what the passage does."),
        limit=whole("Passages at most.", 1, 50, default=10),
    ),
)

CODE: Final[tuple[Schema, ...]] = (
    tool("code_definition", "Go to the definition of what stands at a place.", "at", at=POSITION),
    tool(
        "code_references",
        "Find every use of what stands at a place. Ask this before you change the signature of anything public.",
        "at",
        at=POSITION,
        with_definition=flag("Give the definition too."),
    ),
    tool("code_hover", "Tell the type and the documentation of what stands at a place.", "at", at=POSITION),
    tool(
        "code_diagnostics",
        "Return errors and warnings of compiler, type checker and linter, for some files or for the whole project.",
        paths=many("Only these files.", PATH),
        least=one_of("From this severity on.", "hint", "warning", "error"),
    ),
    tool(
        "code_rename",
        "Rename a symbol wherever it is used, by what it means and not by its letters.",
        "at name",
        at=POSITION,
        name=text("The new name."),
        preview=flag("Show what would change, and change nothing."),
    ),
    tool(
        "code_format",
        "Format files as the project's own configuration says.",
        "paths",
        paths=many("Files to format.", PATH, 1),
        check_only=flag("Only tell which are not formatted."),
    ),
    tool(
        "code_outline",
        "Return the structure of a file: classes, functions and their signatures, with lines. A cheap first look.",
        "path",
        path=PATH,
        depth=whole("Levels of nesting.", 1, 6, default=3),
    ),
)

RUN: Final[tuple[Schema, ...]] = (
    tool(
        "run_command",
        "Run a shell command in the project and return its output and exit code. Never for what another tool does.",
        "command why",
        command=text("The command line; quote paths that have blanks."),
        why=text("What it is for, in a few words that a person can check."),
        folder=FOLDER,
        environment={
            "type": "object",
            "description": "Variables to set beside those there are.",
            "additionalProperties": {"type": "string"},
        },
        timeout_s=TIMEOUT,
    ),
    tool(
        "run_in_background",
        "Start a command that does not end by itself, such as a server, and return its number.",
        "command",
        command=text("The command line."),
        folder=FOLDER,
        ready_when=fields(
            "When it counts as ready.",
            "",
            output=text("Regular expression that a line of its output matches."),
            port=whole("Port that accepts connections.", 1, 65_535),
            within_s=TIMEOUT,
        ),
    ),
    tool(
        "run_output",
        "Return what a background command has printed since you last looked.",
        "number",
        number=whole("Its number.", 1),
        last_lines=whole("Only so many lines.", 1, 5_000),
    ),
    tool("run_stop", "End a background command.", "number", number=whole("Its number.", 1)),
    tool(
        "run_script",
        "Run a few lines of Python in a fresh interpreter of the project's environment, for a quick experiment.",
        "source",
        source=text("The program; print what you want to see."),
        timeout_s=TIMEOUT,
    ),
)

TESTS: Final[tuple[Schema, ...]] = (
    tool(
        "test_run",
        "Run tests, the narrowest selection that answers the question first. Failures come with their output.",
        select=fields(
            "What to run; everything where nothing is said.",
            "",
            paths=many("Files or folders of tests.", PATH),
            names=text("Expression on names, such as parser and not slow."),
            markers=many("Only tests with one of these marks.", text("A mark.")),
            last_failed=flag("Only those that failed last time."),
        ),
        stop_after=whole("Stop after so many failures.", 1),
        timeout_s=TIMEOUT,
    ),
    tool(
        "test_coverage",
        "Run tests and return which lines and branches of some files they leave out.",
        "of",
        of=many("Files to report on.", PATH, 1),
        tests=many("Tests to run.", PATH),
    ),
    tool(
        "test_repeat",
        "Run one test many times, to find out whether it fails by chance.",
        "test times",
        test=text("Its full name, as the runner prints it."),
        times=whole("How often.", 2, 1_000),
        seeds=one_of("Seeds of random order and values.", "fixed", "fresh"),
    ),
    tool(
        "test_bisect",
        "Find the commit since which a test fails.",
        "test good",
        test=text("Its full name."),
        good=REF,
        bad=REF,
    ),
)

GIT: Final[tuple[Schema, ...]] = (
    tool("git_status", "Tell the branch, and what is changed, staged and untracked."),
    tool(
        "git_diff",
        "Show changes: of the working tree, of what is staged, or between two commits.",
        between=fields("Two commits, instead of the working tree.", "older", older=REF, newer=REF),
        staged=flag("What is staged."),
        paths=many("Only these paths.", PATH),
        summary=flag("Only names and numbers of lines."),
    ),
    tool(
        "git_log",
        "List commits, newest first.",
        paths=many("Only commits that touch these.", PATH),
        contains=text("Only commits whose change adds or takes away this text."),
        author=text("Only this author's."),
        limit=whole("Commits at most.", 1, 500, default=20),
    ),
    tool(
        "git_blame",
        "Tell who changed lines last, in which commit and why.",
        "path",
        path=PATH,
        lines=RANGE,
    ),
    tool(
        "git_commit",
        "Commit named files. Only when you were asked to commit.",
        "paths message",
        paths=many("What goes into it.", PATH, 1),
        message=fields(
            "What the commit says.",
            "subject",
            subject=text("One line in the imperative, 72 characters at most.", maxLength=72),
            body=text("Why, where that does not speak for itself."),
        ),
    ),
    tool(
        "git_branch",
        "Make a branch, change to one, or list them.",
        "do",
        do=one_of("What to do.", "list", "create", "switch"),
        name=text("Its name."),
        start=REF,
    ),
    tool(
        "git_show_file",
        "Read a file as it was in a commit.",
        "path at",
        path=PATH,
        at=REF,
    ),
)

PROJECT: Final[tuple[Schema, ...]] = (
    tool(
        "project_dependencies",
        "List dependencies with their versions, where they are declared and what needs them.",
        only=many("Only these packages.", text("A package.")),
        outdated=flag("Only those with a newer release."),
    ),
    tool(
        "project_add_dependency",
        "Declare a dependency and install it. Ask first: it is a decision of the project's.",
        "package why",
        package=text("Its name in the registry."),
        version=text("Constraint, such as >=2.1,<3."),
        group=one_of("Where it is needed.", "runtime", "development", "test", "docs"),
        why=text("What it is for, and why nothing that is there will do."),
    ),
    tool(
        "project_tasks",
        "List the tasks that the project defines (make, scripts, task files), with what they run.",
    ),
    tool(
        "project_database",
        "Run one query against the development database. Statements that write are refused unless they are allowed.",
        "query",
        query=text("One statement of SQL."),
        parameters=many(
            "Values of its placeholders, in order.",
            {"description": "A value.", "anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
        ),
        allow_writes=flag("The user has agreed to a change."),
        max_rows=whole("Rows at most.", 1, 1_000, default=100),
    ),
)

WORLD: Final[tuple[Schema, ...]] = (
    tool(
        "web_fetch",
        "Fetch a page and return its text. For documentation; never send anything of the project's along.",
        "url",
        url=text("Address, with https.", format="uri"),
        looking_for=text("What you want to know; the passages about it come first."),
    ),
    tool(
        "web_find",
        "Search the web for documentation, error messages and release notes.",
        "query",
        query=text("What to search for."),
        sites=many("Only these sites.", text("A host name.")),
    ),
)

WORK: Final[tuple[Schema, ...]] = (
    tool(
        "plan_update",
        "Write down the steps of a larger task, and keep them up to date. One step is in progress at a time.",
        "steps",
        steps=many(
            "All steps, in order.",
            fields(
                "A step.",
                "what state",
                what=text("What is to be done, in the imperative."),
                state=one_of("How far it is.", "open", "in progress", "done", "dropped"),
                check=text("How you will know that it is done."),
            ),
            1,
        ),
    ),
    tool(
        "ask_user",
        "Ask the user for a decision that only they can take. Not for what the project itself can tell.",
        "question",
        question=text("One question, which can be answered without reading code."),
        choices=many(
            "What they can choose from, the recommended one first.",
            fields("A choice.", "label", label=text("A few words."), means=text("What follows from it.")),
        ),
    ),
)

TOOLS: Final[tuple[Schema, ...]] = (*FILES, *SEARCH, *CODE, *RUN, *TESTS, *GIT, *PROJECT, *WORLD, *WORK)
