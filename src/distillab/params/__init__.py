"""What a user says in a params file: its layers, its models, its checks, what is told where it is wrong."""
