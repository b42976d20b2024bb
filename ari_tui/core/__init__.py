"""What every part may use: errors, text and numbers, log, processes, tasks, sockets.

The lowest floor: imports nothing of ours from outside this package.
"""
