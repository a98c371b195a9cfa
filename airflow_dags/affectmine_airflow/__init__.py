"""What the DAGs of affectmine are made of. Nothing here knows data: everything is done by the command `affectmine`."""
