"""The planned outages of the home's queue, from the operator or a mirror, onto outage/schedule."""
