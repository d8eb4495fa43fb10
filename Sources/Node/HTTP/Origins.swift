import Transport

extension NodeSettings {
    /// Whether pages of an origin may speak to this node: any, unless some are named.
    func allows(origin: String) -> Bool {
        origins.isEmpty || origins.contains(origin.lowercased())
    }
}

/// Cross-origin sharing, as the Fetch standard has it. There are no cookies here, so an allowance
/// gives a page nothing that its token does not.
extension HTTPResponse {
    static func allowance(_ origin: String?) -> [(name: String, value: String)] {
        guard let origin else { return [] }
        return [
            ("access-control-allow-origin", origin), ("vary", "origin"),
            ("access-control-expose-headers", "etag, fieldcast-cursor, retry-after"),
        ]
    }

    func allowing(_ origin: String?) -> HTTPResponse {
        var response = self
        response.fields += HTTPResponse.allowance(origin)
        return response
    }

    init(preflightFor origin: String?) {
        self.init(
            .noContent,
            fields: HTTPResponse.allowance(origin) + [
                ("access-control-allow-methods", "GET, HEAD, POST"),
                (
                    "access-control-allow-headers",
                    "authorization, content-type, idempotency-key, if-none-match, last-event-id"
                ),
                ("access-control-max-age", "3600"),
            ])
    }
}
