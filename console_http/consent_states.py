"""A consent's states in words: what each is called, and the one sentence of what to do about it. Texts' ids."""

STATES = {
    "ok": "works",
    "unproven": "not proven yet",
    "failing": "refused lately",
    "lost": "a person must consent anew",
    "withdrawn": "withdrawn",
    "damaged": "cannot be read",
    "absent": "not given yet",
}
TO_DO = {
    "ok": "Nothing is to be done: it is proven every day, and its token is stored anew in time.",
    "unproven": "Nothing is to be done: the next run of the timer proves it.",
    "failing": "Nothing is to be done yet: it is tried again every six hours. See the cause below.",
    "lost": "Make a link, and send it to the person who is to consent anew.",
    "withdrawn": "Nobody gets a token by it. Restore it, or make a link for a person to consent anew.",
    "damaged": "Nobody gets a token by it. Mend it in Key Vault, or make a link for a person to consent anew.",
    "absent": "There is no consent of this name. Make a link, and send it to the person who is to consent.",
}
