/// What two ends agreed on for permessage-deflate (RFC 7692 section 7.1). Pure.
///
/// The server asks for no context takeover, both ways: a broadcast compressed once fits every
/// connection, and none of them owns a window. As a client we take what the server grants.
public struct DeflateAgreement: Hashable, Sendable {
    /// The window with which the server compresses: 8 to 15 bits.
    public var serverWindowBits = 15
    /// A window that was offered is answered even where it is the largest (section 7.1.2.1).
    var namesServerWindow = false
    /// The window with which the client may compress.
    public var clientWindowBits = 15
    /// Whether the server starts each message afresh.
    public var serverForgets = true
    public var clientForgets = true

    static let offer =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
        + "client_max_window_bits"

    /// The server's choice among offers: the first that it can keep to; nil for none.
    static func choose(from fields: HTTPFields) -> DeflateAgreement? {
        for offer in ExtensionOffer.all(in: fields) where offer.name == "permessage-deflate" {
            if let agreement = accept(offer) { return agreement }
        }
        return nil
    }

    /// An offer with a parameter that is unknown, twice, or out of range is declined
    /// (section 7.1: it MUST be).
    private static func accept(_ offer: ExtensionOffer) -> DeflateAgreement? {
        var agreement = DeflateAgreement()
        var seen: [String] = []
        for (name, value) in offer.parameters {
            if seen.contains(name) { return nil }
            seen.append(name)
            switch (name, value) {
            case ("server_no_context_takeover", nil), ("client_no_context_takeover", nil): break
            case ("server_max_window_bits", let value?):
                guard let bits = windowBits(value) else { return nil }
                // zlib cannot compress raw with the smallest window.
                if bits < 9 { return nil }
                agreement.serverWindowBits = bits
                agreement.namesServerWindow = true
            case ("client_max_window_bits", nil): break
            case ("client_max_window_bits", let value?):
                guard windowBits(value) != nil else { return nil }
            default: return nil
            }
        }
        return agreement
    }

    /// The server's answer to the offer it chose.
    var answer: String {
        var text = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        if namesServerWindow { text += "; server_max_window_bits=\(serverWindowBits)" }
        return text
    }

    /// A client's reading of the answer to `offer`. Nil: it is not one that may follow, and the
    /// connection fails (section 7.1.2 and RFC 6455 section 9.1).
    static func granted(by fields: HTTPFields) -> DeflateAgreement? {
        let answers = ExtensionOffer.all(in: fields)
        guard answers.count == 1, answers[0].name == "permessage-deflate" else { return nil }
        var agreement = DeflateAgreement()
        agreement.serverForgets = false
        agreement.clientForgets = false
        var seen: [String] = []
        for (name, value) in answers[0].parameters {
            if seen.contains(name) { return nil }
            seen.append(name)
            switch (name, value) {
            case ("server_no_context_takeover", nil): agreement.serverForgets = true
            case ("client_no_context_takeover", nil): agreement.clientForgets = true
            case ("server_max_window_bits", let value?):
                guard let bits = windowBits(value) else { return nil }
                agreement.serverWindowBits = bits
                agreement.namesServerWindow = true
            case ("client_max_window_bits", let value?):
                guard let bits = windowBits(value) else { return nil }
                agreement.clientWindowBits = bits
            default: return nil
            }
        }
        return agreement
    }

    private static func windowBits(_ text: String) -> Int? {
        switch text {
        case "8": 8
        case "9": 9
        case "10": 10
        case "11": 11
        case "12": 12
        case "13": 13
        case "14": 14
        case "15": 15
        default: nil
        }
    }
}

/// One element of `Sec-WebSocket-Extensions` (RFC 6455 section 9.1).
struct ExtensionOffer: Equatable {
    var name: String
    var parameters: [(name: String, value: String?)]

    static func == (a: ExtensionOffer, b: ExtensionOffer) -> Bool {
        a.name == b.name
            && a.parameters.elementsEqual(b.parameters) {
                $0.name == $1.name && $0.value == $1.value
            }
    }

    /// All elements, in order; those that are malformed are left out, as if not offered.
    static func all(in fields: HTTPFields) -> [ExtensionOffer] {
        fields.list("sec-websocket-extensions").compactMap(parse)
    }

    private static func parse(_ text: String) -> ExtensionOffer? {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
            .map { String($0).trimmingBlanks() }
        guard let name = parts.first, isToken(name) else { return nil }
        var offer = ExtensionOffer(name: name.lowercasedASCII(), parameters: [])
        for part in parts.dropFirst() {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { String($0).trimmingBlanks() }
            guard let key = halves.first, isToken(key) else { return nil }
            guard halves.count == 2 else {
                offer.parameters.append((key.lowercasedASCII(), nil))
                continue
            }
            var value = halves[1]
            // A quoted value must be a token inside its quotes.
            if value.utf8.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
                value = String(value.dropFirst().dropLast())
            }
            guard isToken(value) else { return nil }
            offer.parameters.append((key.lowercasedASCII(), value))
        }
        return offer
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7f && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
            }
    }
}
