"""A page as Dash's own tutorial makes them: a number, a chart and an interval. `bench page` compares ours with it."""

import sys
from typing import Any

import waitress
from dash import Dash, Input, Output, dcc, html


def main(port: int) -> None:
    """Serve the page."""
    app = Dash(__name__)
    number: Any = {"data-text": "home"}
    app.layout = html.Div(
        [
            html.H1("Home"),
            html.P(id="home", **number),
            dcc.Graph(id="chart"),
            dcc.Interval(id="tick", interval=2000),
        ]
    )

    @app.callback(Output("home", "children"), Output("chart", "figure"), Input("tick", "n_intervals"))
    def show(count: int | None) -> tuple[str, dict[str, object]]:
        return f"{640 + (count or 0)} W", {"data": [{"y": list(range(288))}]}

    waitress.serve(app.server, host="127.0.0.1", port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]))
