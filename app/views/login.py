"""Asks who somebody is, where the dashboard was started with a login."""

from __future__ import annotations

import os

import streamlit as st

from app.access import LOGIN, USERS, user_allowed
from app.views.session import plain


def require_login() -> None:
    """Stop the page here unless somebody who may use it is logged in, or there is no login."""
    if os.environ.get(LOGIN) != "oidc":
        return
    if not st.user.get("is_logged_in"):
        st.title("Faultline")
        st.button("Log in", type="primary", on_click=st.login, key="login")
        st.stop()
    email = str(st.user.get("email") or "")
    verified = st.user.get("email_verified") is not False
    if not (verified and user_allowed(email, os.environ.get(USERS, ""))):
        st.error(plain(f"{email or 'This account'} may not use this dashboard."))
        st.button("Log out", on_click=st.logout, key="logout")
        st.stop()
