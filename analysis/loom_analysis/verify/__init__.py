"""verify - the code behind the security analysis against answers that are known: `loom verify`."""
