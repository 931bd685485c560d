"""What some fields choose from: the keys that are stored, and the words of a CORIPO whose language is Czech."""

_CASES = {
    "Open_New": "Nový",
    "Open_Assigned": "Přiřazený",
    "Open_Pending Input": "Čeká na doplnění",
    "Closed_Closed": "Uzavřený",
    "Closed_Rejected": "Zamítnutý",
    "Closed_Duplicate": "Duplicitní",
}
_PROJECTS = {
    "Draft": "Koncept",
    "In Review": "V posuzování",
    "Underway": "Probíhá",
    "On_Hold": "Pozastaven",
    "Completed": "Dokončen",
}
_TASKS = {
    "Not Started": "Nezahájeno",
    "In Progress": "Probíhá",
    "Completed": "Dokončeno",
    "Pending Input": "Čeká na doplnění",
    "Deferred": "Odloženo",
}
_BUGS = {"New": "Nová", "Assigned": "Přiřazená", "Closed": "Uzavřená", "Pending": "Čeká", "Rejected": "Zamítnutá"}
_STAGES = {
    "Prospecting": "Oslovení",
    "Qualification": "Kvalifikace",
    "Needs Analysis": "Analýza potřeb",
    "Value Proposition": "Návrh řešení",
    "Id. Decision Makers": "Hledání rozhodujících osob",
    "Perception Analysis": "Analýza vnímání",
    "Proposal/Price Quote": "Nabídka",
    "Negotiation/Review": "Vyjednávání",
    "Closed Won": "Uzavřená úspěšně",
    "Closed Lost": "Uzavřená neúspěšně",
}
# Module → field → key → word.
CHOICES = {
    "Opportunities": {"sales_stage": _STAGES},
    "Cases": {"status": _CASES},
    "Project": {"status": _PROJECTS},
    "ProjectTask": {"status": _TASKS},
    "Bugs": {"status": _BUGS},
}
