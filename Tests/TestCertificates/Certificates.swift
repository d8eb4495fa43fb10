/// Certificates of tests. Self-signed: for `first.test` and `second.test`, both also for 127.0.0.1.
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

    /// For `leaf.test` and 127.0.0.1, and its key; the authority that signed it; the one that
    /// signed that, and itself.
    package static let leaf = [UInt8](
        """
        -----BEGIN CERTIFICATE-----
        MIIBljCCAT2gAwIBAgIUa5gTPbSEqzx0CqLO2LhtM+RYriswCgYIKoZIzj0EAwIw
        FjEUMBIGA1UEAwwLbWlkZGxlLnRlc3QwIBcNMjYxMTIxMTc0MzE4WhgPMjEyNjEw
        MjgxNzQzMThaMBQxEjAQBgNVBAMMCWxlYWYudGVzdDBZMBMGByqGSM49AgEGCCqG
        SM49AwEHA0IABG4ue204jUaqCNyqiCsKzenj9stRo+zV1fM4if/GF3Pl4g9pMllW
        8yq6GzLnk7/2Y6qe+zkZC9X9S0B5PiWI/5ajaTBnMAkGA1UdEwQCMAAwGgYDVR0R
        BBMwEYIJbGVhZi50ZXN0hwR/AAABMB0GA1UdDgQWBBSxTAhb/OpZ+o67wuj8584r
        wlOeITAfBgNVHSMEGDAWgBT3bu6Tj9lTEJrzsp86zwFbyqou8zAKBggqhkjOPQQD
        AgNHADBEAiAp148KwMu9FjmTnydYArTpOfuOFLXnTU1XXyDbSw0+iAIgIG20gcUj
        aIApWD+yBD7Lp1twYpl4UGUf1dIP/Ff9p4o=
        -----END CERTIFICATE-----

        """.utf8)

    package static let leafKey = [UInt8](
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgF+4vb31V3V303wI+
        fEofCF61WjvKQ22HFmPnkl2NFZehRANCAARuLnttOI1GqgjcqogrCs3p4/bLUaPs
        1dXzOIn/xhdz5eIPaTJZVvMquhsy55O/9mOqnvs5GQvV/UtAeT4liP+W
        -----END PRIVATE KEY-----
        """.utf8)

    package static let middle = [UInt8](
        """
        -----BEGIN CERTIFICATE-----
        MIIBkzCCATqgAwIBAgIUNAKxOk3wlREhnGmhr8WY/q65qFAwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJcm9vdC50ZXN0MCAXDTI2MTEyMTE3NDMxN1oYDzIxMjYxMDI4
        MTc0MzE3WjAWMRQwEgYDVQQDDAttaWRkbGUudGVzdDBZMBMGByqGSM49AgEGCCqG
        SM49AwEHA0IABOEPFjOleeBNpHXdhDR95VvXcSZo4D+SPbHXj5pLPCSEq+7XZvhQ
        ieO9sRy3Gcwobbn7i4RaDw9epunoQN263tyjZjBkMBIGA1UdEwEB/wQIMAYBAf8C
        AQAwDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBT3bu6Tj9lTEJrzsp86zwFbyqou
        8zAfBgNVHSMEGDAWgBSpWqoH/qyzPu1gkG4hlZf2DShCJjAKBggqhkjOPQQDAgNH
        ADBEAiBZuCUGipzsutg7rAV0HtRjyiZirqyM1lkIK5s/dlqSMgIgN6IVrcpNAB9I
        HdEmV7rurIRWfi9mItq99bAKhdAd6Bc=
        -----END CERTIFICATE-----

        """.utf8)

    package static let root = [UInt8](
        """
        -----BEGIN CERTIFICATE-----
        MIIBjzCCATWgAwIBAgIUJbaBmdVMdNa+5e3IeqD0ehAaYy0wCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJcm9vdC50ZXN0MCAXDTI2MTEyMTE3NDMxN1oYDzIxMjYxMDI4
        MTc0MzE3WjAUMRIwEAYDVQQDDAlyb290LnRlc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAS6oM3LqlnevSOufrwpEuN2mhhwftRClBgTdFiIlXRu47cArk2P3+rW
        xk6uaRJ8CRU4KKu9Gfh9eQuO+mPZ/AHLo2MwYTAdBgNVHQ4EFgQUqVqqB/6ssz7t
        YJBuIZWX9g0oQiYwHwYDVR0jBBgwFoAUqVqqB/6ssz7tYJBuIZWX9g0oQiYwDwYD
        VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDSAAwRQIh
        AJEQQXcJ+c/U/1Ymz7rA5AS2VKitFf41DcH6VyKwjXwBAiBVpDTxsbnG4QqmogaG
        XMTKsOoSDuK7Aw17jhB/Lityzw==
        -----END CERTIFICATE-----

        """.utf8)
}
