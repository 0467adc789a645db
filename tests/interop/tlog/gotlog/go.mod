module tallystick/tests/interop/tlog

// Go 1.19 is Debian 12's, and this version of x/mod is the one packaged beside it.
go 1.19

require golang.org/x/mod v0.7.0
