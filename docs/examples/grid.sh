#!/bin/sh
# Prints whether there is power: on, off or unknown.
#
#     docs/examples/grid.sh HOST PORT PASSWORD-OF-VIEWER
mosquitto_sub -h "$1" -p "$2" -u viewer -P "$3" -t grid/state -C 1 -W 10 | sed 's/.*"state":"\([a-z]*\)".*/\1/'
