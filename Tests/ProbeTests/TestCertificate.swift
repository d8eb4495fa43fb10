import Foundation

/// A self-signed certificate for localhost. Its key is public: it protects nothing.
enum TestCertificate {
    static let chain = [UInt8](
        """
        -----BEGIN CERTIFICATE-----
        MIIBrzCCAVSgAwIBAgIUfA8rk3tf4s3yqAtAA5zDrtajZ0kwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEyNDAxMloYDzIxMjYxMDI4
        MTI0MDEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQcvxEYCZCKCqQSto/d4tcWnzE2l0Mb3A1J34tgYqXUH2YvCQiRa9FU
        o74Trt92XKoOpbdPWiiocSSiNzauSQGXo4GBMH8wHQYDVR0OBBYEFBgkUmqM12sJ
        mM0mJpdoLKZPVCQHMB8GA1UdIwQYMBaAFBgkUmqM12sJmM0mJpdoLKZPVCQHMA8G
        A1UdEwEB/wQFMAMBAf8wLAYDVR0RBCUwI4IJbG9jYWxob3N0hwR/AAABhxAAAAAA
        AAAAAAAAAAAAAAABMAoGCCqGSM49BAMCA0kAMEYCIQDnDD2EOUNA/MvIUw2NBvb5
        yxPb3EQvuplA8Jw1w8cjzgIhAPzLLgf6mohT2iIbkuU1PoE4lC8AOoqOQ0PWmJZ9
        Iodh
        -----END CERTIFICATE-----
        """.utf8)

    static let key = [UInt8](
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEMhMGAT91aD/uWqR
        yMYZmOy6kengM/IbHM44oaDuFU6hRANCAAQcvxEYCZCKCqQSto/d4tcWnzE2l0Mb
        3A1J34tgYqXUH2YvCQiRa9FUo74Trt92XKoOpbdPWiiocSSiNzauSQGX
        -----END PRIVATE KEY-----
        """.utf8)

    /// As a file, for what reads one.
    static func file() throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "probe-tests.pem")
        try Data(chain).write(to: file, options: .atomic)
        return file.path
    }
}
