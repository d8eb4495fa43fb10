/// Self-signed certificates of tests: for `first.test` and `second.test`, both also for 127.0.0.1.
/// Good for a hundred years and for nothing else.
package enum Certificates {
    package static let firstChain = [UInt8](
        """
        -----BEGIN CERTIFICATE-----
        MIIBnjCCAUSgAwIBAgIUEylTHMndmOm/bHQE6xghifE7vDMwCgYIKoZIzj0EAwIw
        FTETMBEGA1UEAwwKZmlyc3QudGVzdDAgFw0yNjExMjExMjM4NTZaGA8yMTI2MTAy
        ODEyMzg1NlowFTETMBEGA1UEAwwKZmlyc3QudGVzdDBZMBMGByqGSM49AgEGCCqG
        SM49AwEHA0IABEou+ZPuVYj0kuWKWnpEsVtOD4a597kLbOkQcancHsHaxfxXenmd
        R8v6nUX6GcHT0sLIb8WgLVhvpxPaeC6XuzejcDBuMB0GA1UdDgQWBBQSmaruOxjT
        Bs/AUgHn7NA/ZOFrxTAfBgNVHSMEGDAWgBQSmaruOxjTBs/AUgHn7NA/ZOFrxTAP
        BgNVHRMBAf8EBTADAQH/MBsGA1UdEQQUMBKCCmZpcnN0LnRlc3SHBH8AAAEwCgYI
        KoZIzj0EAwIDSAAwRQIhAKMO6gCXAFHNWHHYly8Leo/Rk0w+5BpxB9zcIdyMSeMq
        AiBD5sjp7aPexK1E6pOJL3QJujlO8RUcnQugEGwYSOD7ZQ==
        -----END CERTIFICATE-----
        """.utf8)

    package static let firstKey = [UInt8](
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5IdInwPyL6uRY6DC
        JLsWxF7MV7m5PpQiq3Z9YUJxvT2hRANCAARKLvmT7lWI9JLlilp6RLFbTg+Gufe5
        C2zpEHGp3B7B2sX8V3p5nUfL+p1F+hnB09LCyG/FoC1Yb6cT2ngul7s3
        -----END PRIVATE KEY-----
        """.utf8)

    package static let secondChain = [UInt8](
        """
        -----BEGIN CERTIFICATE-----
        MIIBoTCCAUegAwIBAgIUdXXQYUhrKCQnqXVw99c4pYQ+enwwCgYIKoZIzj0EAwIw
        FjEUMBIGA1UEAwwLc2Vjb25kLnRlc3QwIBcNMjYxMTIxMTIzODU2WhgPMjEyNjEw
        MjgxMjM4NTZaMBYxFDASBgNVBAMMC3NlY29uZC50ZXN0MFkwEwYHKoZIzj0CAQYI
        KoZIzj0DAQcDQgAEZigWD+NcekUQwRoZDX5tftmWg7qVWHx5DfTAO7QHjKGCVfT6
        6nC0YE0aLjBZZ7gDol7C46Hrz4WQDkQooYtqWqNxMG8wHQYDVR0OBBYEFGfkeN4F
        Ax6pfDC27ww8Wf+J51PtMB8GA1UdIwQYMBaAFGfkeN4FAx6pfDC27ww8Wf+J51Pt
        MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4ILc2Vjb25kLnRlc3SHBH8AAAEw
        CgYIKoZIzj0EAwIDSAAwRQIhAOPmW1CqCbLnGJDchidpUjL/ivPP0CB3myxWknnP
        Pj3NAiBUHbP1xLHVDELGoNk51mXjv32DHAJaeXSW8gguU8prTQ==
        -----END CERTIFICATE-----
        """.utf8)

    package static let secondKey = [UInt8](
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMugiwC+FTysryzi7
        AGi7gzZIimsOo9mlIO7Eqe7zccqhRANCAARmKBYP41x6RRDBGhkNfm1+2ZaDupVY
        fHkN9MA7tAeMoYJV9PrqcLRgTRouMFlnuAOiXsLjoevPhZAORCihi2pa
        -----END PRIVATE KEY-----
        """.utf8)
}
