/// What became of a rule.
enum Verdict: Equatable, Sendable {
    case pass
    /// Kept where it must be, but something was taken or left out that should not have been.
    case lenient(String)
    case fail(String)
    case notTried(String)

    /// How bad it is, for the worst of several.
    private var weight: Int {
        switch self {
        case .notTried: 0
        case .pass: 1
        case .lenient: 2
        case .fail: 3
        }
    }

    func worse(_ other: Verdict) -> Verdict { other.weight > weight ? other : self }

    var name: String {
        switch self {
        case .pass: "pass"
        case .lenient: "lenient"
        case .fail: "fail"
        case .notTried: "not tried"
        }
    }

    var reason: String {
        switch self {
        case .pass: ""
        case .lenient(let reason), .fail(let reason), .notTried(let reason): reason
        }
    }

    var isFailure: Bool {
        if case .fail = self { true } else { false }
    }
}

/// What ends a trial early: a finding about the peer, or why it could not be tried.
enum Finding: Error, Equatable {
    case fail(String)
    case lenient(String)
    case untried(String)

    var verdict: Verdict {
        switch self {
        case .fail(let why): .fail(why)
        case .lenient(let why): .lenient(why)
        case .untried(let why): .notTried(why)
        }
    }
}

/// Ends a trial with what is wrong unless it is right.
func demand(_ isRight: Bool, _ wrong: @autoclosure () -> String) throws(Finding) {
    if !isRight { throw .fail(wrong()) }
}
