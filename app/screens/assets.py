"""The page *Assets and data*: what is known of each asset, and the recordings at hand."""

import streamlit as st

from app.charts.assets import activity, book_shapes, spread_shapes
from app.charts.numbers import number
from app.evaluations import evaluation_path
from app.own_recordings import at_hand, data_root
from app.views.chart_card import chart_grid
from app.views.evidence import evaluation_of
from app.views.recordings import look_of, own_recording, quality_table, session_charts
from app.views.session import plain
from model.catalogue import DATA_VARIABLE, load_catalogue, load_profile
from model.errors import FaultlineError
from model.events import NS_PER_S

TIERS = ("low", "medium", "high")
KNOWN, HERE, OWN = "What is known", "Recordings at hand", "Your own recording"


def clock(time_ns: int) -> str:
    """Hours and minutes of nanoseconds after midnight."""
    minutes = time_ns // (60 * NS_PER_S)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


st.title("Assets and data")
st.caption(
    "What can be stress-tested, what is known of it, and the recordings that it was measured on."
)
catalogue = load_catalogue()
profiles = {}
for name in catalogue:
    try:
        profiles[name] = load_profile(name)
    except FaultlineError as error:
        st.warning(plain(f"{name} cannot be run yet: {error}"), icon=":material/warning:")

for name, tab in zip(
    (KNOWN, HERE, OWN),
    st.tabs([KNOWN, HERE, OWN], on_change="rerun", key="assets-view"),
    strict=True,
):
    if not tab.open:
        continue
    with tab:
        if name == KNOWN:
            rows = [
                {
                    "Asset": asset,
                    "Venue": entry.venue,
                    "Date": entry.date,
                    "To the model": "zero-shot" if entry.zero_shot else "trained on",
                    "Recording": "at hand" if at_hand(entry) else "not at hand",
                    "Mid": f"{profile.price_ticks * profile.tick_size:,.2f} {entry.currency}",
                    "Tick": f"{entry.tick_size:g}",
                    "Spread, ticks": number(profile.spread_ticks),
                    "Spread, bp": number(1e4 * profile.spread_ticks / profile.price_ticks),
                    "Events a second": number(profile.events_per_s),
                    "Volume a second": number(profile.volume_per_s),
                    "Size unit": entry.size_unit,
                    "Volatility 10 s, bp": number(profile.volatility_bps),
                    "Volume tier": TIERS[entry.liquidity],
                    "Session": f"{clock(entry.session[0])}–{clock(entry.session[1])}",
                }
                for asset, entry in catalogue.items()
                if (profile := profiles.get(asset)) is not None
            ]
            st.dataframe(rows, hide_index=True, alt="Assets of the catalogue")
            st.caption(
                "Measured on the training split of one session each. Zero-shot: training never saw "
                "this market; trained on: it saw the training split alone."
            )
            with st.expander("Splits: what is fitted, chosen and reported on"):
                st.dataframe(
                    [
                        {"Asset": asset}
                        | {
                            part.capitalize(): "–".join(map(clock, getattr(entry.splits, part)))
                            for part in ("train", "validation", "test")
                        }
                        | {"Recording": str(entry.recording), "Source": entry.source}
                        for asset, entry in catalogue.items()
                    ],
                    hide_index=True,
                    alt="Splits of each recording by time",
                )
            shown = st.multiselect(
                "Assets on the charts", list(profiles), default=list(profiles), key="assets-shown"
            )
            if shown:
                chosen = {asset: profiles[asset] for asset in shown}
                sheets = {
                    asset: evaluation_of(path).real
                    for asset in shown
                    if (path := evaluation_path(None, asset)).is_file()
                }
                charts = [spread_shapes(chosen), book_shapes(chosen)]
                chart_grid([*charts, *([activity(sheets)] if sheets else [])], "assets")
        elif name == HERE:
            held = [asset for asset, entry in catalogue.items() if at_hand(entry)]
            if not held:
                where = data_root()
                st.info(
                    "No recording is at hand"
                    + (f" in {plain(str(where))}" if where else "")
                    + ". Recordings do not come with the program: what is shown elsewhere are "
                    f"statistics of them. Where you have them, name their folder in {DATA_VARIABLE}"
                    " and start the dashboard again.",
                    icon=":material/info:",
                )
                continue
            asset = st.segmented_control(
                "Recording", held, default=held[0], required=True, key="assets-recording"
            )
            entry = catalogue[asset or held[0]]
            found = look_of(entry.asset)
            quality_table({entry.asset: found})
            session_charts(found, entry.asset, entry.currency, entry.size_unit)
        else:
            st.markdown(
                "Read a recording of your own, see whether it is complete and clean, and learn how "
                "to fit the tool to it. Nothing is kept."
            )
            own_recording()
