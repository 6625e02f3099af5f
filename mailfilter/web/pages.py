"""The table of pages: method, address, what shows it, and who may open it.

This table is the whole access matrix; tests walk through it. A reviewer sees mail of her
departments and no accounts; an administrator sees accounts and no mail; an auditor sees the log,
and case numbers and codes of what she searches for.
"""

from mailfilter.web import account, acts, find, held, item, log, login, text, users, weekly
from mailfilter.web.door import ADMIN, ANYONE, AUDITOR, EVERY_ROLE, REVIEWER, Page

PAGES = (
    Page("GET", "/login", login.show, ANYONE),
    Page("POST", "/login", login.by_password, ANYONE),
    Page("POST", "/login/link", login.by_link, ANYONE),
    Page("GET", "/login/{secret}", login.show_link, ANYONE),
    Page("POST", "/language", login.speak, ANYONE),
    Page("POST", "/logout", login.leave, EVERY_ROLE),
    Page("GET", "/account", account.show, EVERY_ROLE),
    Page("POST", "/account/password", account.set_password, EVERY_ROLE),
    Page("POST", "/account/address", account.set_address, EVERY_ROLE),
    Page("POST", "/account/keys", account.set_keys, EVERY_ROLE),
    Page("GET", "/", held.show, REVIEWER),
    Page("GET", "/find", find.form, REVIEWER | AUDITOR),
    Page("POST", "/find", find.ask, REVIEWER | AUDITOR),
    Page("GET", "/find/{search}", find.show, REVIEWER | AUDITOR),
    Page("GET", "/item/{id}", item.show, REVIEWER),
    Page("GET", "/item/{id}/text", text.back, REVIEWER),
    Page("POST", "/item/{id}/text", text.show, REVIEWER),
    Page("GET", "/item/{id}/delete", acts.confirm_delete, REVIEWER),
    Page("POST", "/item/{id}/{act}", acts.do, REVIEWER),
    Page("GET", "/statistics", weekly.show, EVERY_ROLE),
    Page("GET", "/statistics/chart", weekly.chart, EVERY_ROLE),
    Page("GET", "/audit", log.show, AUDITOR),
    Page("POST", "/audit/verify", log.verify, AUDITOR),
    Page("GET", "/users", users.show, ADMIN),
    Page("POST", "/users/add", users.add, ADMIN),
    Page("POST", "/users/link", users.link, ADMIN),
    Page("POST", "/users/lock", users.lock, ADMIN),
)
