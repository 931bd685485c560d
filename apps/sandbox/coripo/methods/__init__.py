"""The methods of REST v4_1, one module for each subject. Parameters are named, ordered and defaulted as in PHP.

A method returns what is sent as JSON, or raises one of `faults`.
"""

from collections.abc import Callable
from typing import Any

from apps.sandbox.coripo.methods.about import (
    get_available_modules,
    get_module_fields,
    get_server_info,
    get_user_id,
)
from apps.sandbox.coripo.methods.attachments import get_note_attachment, set_note_attachment
from apps.sandbox.coripo.methods.login import login, logout
from apps.sandbox.coripo.methods.reading import get_entries, get_entries_count, get_entry, get_entry_list
from apps.sandbox.coripo.methods.relating import get_relationships, set_relationship, set_relationships
from apps.sandbox.coripo.methods.searching import search_by_module
from apps.sandbox.coripo.methods.writing import set_entries, set_entry

METHODS: dict[str, Callable[..., Any]] = {
    method.__name__: method
    for method in (
        get_available_modules,
        get_entries,
        get_entries_count,
        get_entry,
        get_entry_list,
        get_module_fields,
        get_note_attachment,
        get_relationships,
        get_server_info,
        get_user_id,
        login,
        logout,
        search_by_module,
        set_entries,
        set_entry,
        set_note_attachment,
        set_relationship,
        set_relationships,
    )
}
