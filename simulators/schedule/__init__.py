"""The web sites that publish planned outages, as far as the schedule service sees them: be-svitlo, GPV files, YASNO."""
