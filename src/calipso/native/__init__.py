"""What is below the interpreter: system calls, namespaces of processes, the C core that counts frames.

Everything works without the C core, slower.
"""
