"""The console: server-rendered pages behind sign-in that show leads, calls and the reasons for both."""
