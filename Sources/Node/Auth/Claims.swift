import Wire

/// What a token says: the registered claims (RFC 7519, section 4.1) in types of their own, and all
/// others as they came.
struct Claims: Equatable, Sendable {
    var issuer: Text?
    var subject: Text?
    var audience: [Text]
    var expiry: WallTime?
    var notBefore: WallTime?
    var issuedAt: WallTime?
    var id: Text?
    /// The claims without a member above: tenant, roles, permissions.
    var others: Map

    init(
        subject: Text, issuer: Text? = nil, audience: [Text] = [], expiry: WallTime,
        issuedAt: WallTime? = nil, id: Text? = nil, others: Map = Map()
    ) {
        (self.subject, self.issuer, self.audience) = (subject, issuer, audience)
        (self.expiry, self.issuedAt, self.id, self.others) = (expiry, issuedAt, id, others)
    }

    init(_ map: Map) throws(TokenError) {
        var rest = map
        issuer = try rest.takeText("iss")
        subject = try rest.takeText("sub")
        expiry = try rest.takeTime("exp")
        notBefore = try rest.takeTime("nbf")
        issuedAt = try rest.takeTime("iat")
        id = try rest.takeText("jti")
        audience = try rest.takeTexts("aud")
        others = rest
    }

    /// As they stand in a token. Times are cut to the second.
    var map: Map {
        var map = others
        map["iss"] = issuer.map { .text($0) }
        map["sub"] = subject.map { .text($0) }
        map["exp"] = expiry.map { .integer($0.seconds) }
        map["nbf"] = notBefore.map { .integer($0.seconds) }
        map["iat"] = issuedAt.map { .integer($0.seconds) }
        map["jti"] = id.map { .text($0) }
        if !audience.isEmpty { map["aud"] = .array(audience.map { .text($0) }) }
        return map
    }

    /// How long the token still counts; what a deadline is made from. Nil when it never expires.
    func life(at now: WallTime) -> Interval? { expiry.map { $0.since(now) } }
}

extension Map {
    fileprivate mutating func take(_ name: Text) -> Value? {
        defer { self[name] = nil }
        return self[name]
    }

    fileprivate mutating func takeText(_ name: Text) throws(TokenError) -> Text? {
        switch take(name) {
        case nil: return nil
        case .text(let text)?: return text
        case _: throw .malformedClaim(name)
        }
    }

    /// One text, or an array of texts.
    fileprivate mutating func takeTexts(_ name: Text) throws(TokenError) -> [Text] {
        switch take(name) {
        case nil: return []
        case .text(let text)?: return [text]
        case .array(let values)?:
            var texts: [Text] = []
            for value in values {
                guard case .text(let text) = value else { throw .malformedClaim(name) }
                texts.append(text)
            }
            return texts
        case _: throw .malformedClaim(name)
        }
    }

    /// A NumericDate: seconds since 1970, perhaps with a fraction, which is cut. Its range is that
    /// of integers in every language's doubles, so that adding a leeway cannot overflow.
    fileprivate mutating func takeTime(_ name: Text) throws(TokenError) -> WallTime? {
        switch take(name) {
        case nil: return nil
        case .number(let number)?:
            guard let seconds = Int64(exactly: number.double.rounded(.down)),
                seconds.magnitude <= Limits.integer
            else { throw .malformedClaim(name) }
            return WallTime(seconds: seconds)
        case _: throw .malformedClaim(name)
        }
    }
}
