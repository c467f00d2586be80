"""Steps from one version of the journal's file to the next: `NNNN_what.sql` leads from version NNNN - 1 to NNNN."""
