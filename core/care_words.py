"""What `python -m core.care` prints: a few lines that a person at a terminal reads."""

from core.data_care import (
    Backup,
    IntegrityReport,
    Mended,
    Pruned,
    PrunePlan,
    Restored,
    Usage,
)
from core.data_care.files import sized


def backup_lines(backup: Backup) -> list[str]:
    """A backup that was just made."""
    lines = [
        f"Backup {backup.id} in {backup.path}",
        f"  {backup.runs:,} runs, {sized(backup.database_bytes)}; {backup.workflows:,} workflows",
        f"  {backup.pictures:,} pictures, {sized(backup.picture_bytes)}, of which new: "
        f"{sized(backup.new_picture_bytes)}",
        f"  took {backup.took_s:.1f} s",
    ]
    if backup.missing_pictures:
        lines.append(
            f"  {backup.missing_pictures:,} pictures were gone or damaged before: see "
            "python -m core.care check --deep"
        )
    return lines


def backups_lines(backups: list[Backup]) -> list[str]:
    """Every backup, the newest first."""
    if not backups:
        return ["There is no backup yet. Make one: python -m core.care backup"]
    return [
        f"{backup.id}  {backup.runs:>9,} runs  {backup.pictures:>7,} pictures  "
        f"{sized(backup.database_bytes + backup.picture_bytes):>9}"
        for backup in backups
    ]


def restored_lines(restored: Restored) -> list[str]:
    """A backup that is in its place."""
    lines = [f"Restored {restored.backup.id} into {restored.data}"]
    if restored.moved_to:
        lines.append(f"  What was there is in {restored.moved_to}; delete it when all is well.")
    if restored.missing_pictures:
        lines.append(f"  Pictures that the backup did not have: {restored.missing_pictures:,}")
    return lines


def check_lines(report: IntegrityReport) -> list[str]:
    """What a check found."""
    seen = f"{report.runs:,} runs and {report.pictures:,} pictures in {report.took_s:.1f} s"
    if not report.complete:
        seen += " (the time was over before everything had been looked at)"
    if report.ok:
        return [f"All is well: {seen}"]
    lines = [f"Problems found: {len(report.problems)}. Looked at: {seen}"]
    for problem in report.problems:
        size = f", {sized(problem.bytes)}" if problem.bytes else ""
        lines.append(f"  {problem.count:,} × {problem.fault}{size}: {problem.message}")
        lines.extend(f"      {sample}" for sample in problem.samples)
    if report.mendable:
        lines.append("Put right what can be: python -m core.care mend")
    return lines


def mended_lines(mended: Mended) -> list[str]:
    """What mending did, and what is left."""
    done = [
        (mended.orphans_moved, f"pictures moved to images/orphans, {sized(mended.orphan_bytes)}"),
        (mended.rows_removed, f"rows without a run moved to {mended.rows_kept_in}"),
        (mended.files_removed, "unfinished files and previews of nothing removed"),
        (mended.runs_made_findable, "runs put back into the lists"),
        (int(mended.search_index_emptied), "search index, which is being filled anew"),
    ]
    lines = [f"  {count:,} {words}" for count, words in done if count]
    head = "Mended:" if lines else "There was nothing to mend."
    return [head, *lines, *check_lines(mended.left)]


def plan_lines(plan: PrunePlan) -> list[str]:
    """What pruning would take."""
    if plan.empty:
        return [f"Nothing to remove. {_spared(plan)}"]
    lines = [
        f"Would remove {plan.runs:,} runs ({plan.text_runs:,} text, {plan.image_runs:,} image, "
        f"{plan.put_away:,} put away before) and {plan.uploads:,} uploads",
        f"  pictures: {plan.pictures:,}, {sized(plan.picture_bytes)} freed on the disk",
        f"  database: about {sized(plan.database_bytes)} become free for new runs",
    ]
    if plan.oldest and plan.newest:
        lines.append(f"  from {plan.oldest:%Y-%m-%d} to {plan.newest:%Y-%m-%d}")
    lines.extend(
        f"    {run.created_at:%Y-%m-%d} {run.id} {run.kind} {run.task} {run.model}"
        for run in plan.samples
    )
    return [*lines, _spared(plan), "Nothing was removed yet. To remove them add --yes."]


def pruned_lines(pruned: Pruned) -> list[str]:
    """What pruning took."""
    lines = [
        f"Removed {pruned.runs:,} runs and {pruned.uploads:,} uploads in {pruned.took_s:.1f} s",
        f"  pictures: {pruned.pictures:,}, {sized(pruned.picture_bytes)} freed on the disk",
        f"  free for new runs in the database: {sized(pruned.database_free_bytes)}",
    ]
    if pruned.spared:
        lines.append(f"  Kept, because somebody used them meanwhile: {pruned.spared:,} runs")
    if pruned.pictures_left:
        lines.append(f"  Left for the next check, just in use: {pruned.pictures_left:,} pictures")
    return lines


def usage_lines(usage: Usage) -> list[str]:
    """What takes how much room."""
    lines = [
        f"Database   {sized(usage.database_bytes):>10}  {usage.runs:,} runs, "
        f"{usage.runs_put_away:,} of them put away; {sized(usage.database_free_bytes)} free in it",
        f"Pictures   {sized(usage.picture_bytes):>10}  {usage.pictures:,}",
        f"Uploads    {sized(usage.upload_bytes):>10}  {usage.uploads:,}",
        f"Previews   {sized(usage.thumbnail_bytes):>10}",
        f"Orphans    {sized(usage.orphan_bytes):>10}",
        f"Backups    {sized(usage.backup_bytes):>10}  {usage.backups:,}",
        f"Disk free  {sized(usage.disk_free):>10}  of {sized(usage.disk_total)}",
    ]
    lines.extend(
        f"Older than {age.older_than_days} days: {age.runs:,} runs, {age.pictures:,} pictures "
        f"with {sized(age.picture_bytes)}"
        for age in usage.by_age
    )
    return lines


def _spared(plan: PrunePlan) -> str:
    return (
        f"Kept: {plan.spared_judged:,} with ratings, votes, tags or notes, "
        f"{plan.spared_parents:,} that others repeat."
    )
