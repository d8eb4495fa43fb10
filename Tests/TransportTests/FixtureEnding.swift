import Synchronization
import Testing

@testable import Transport

/// Fixtures hold their loops and loops their services, and hooks hold fixtures: a suite with this
/// trait cuts those rings after each test, so that a leak checker sees only what is one.
struct FixtureEnding: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        let made = FixturesMade()
        defer { made.endAll() }
        try await FixturesMade.$current.withValue(made) { try await function() }
    }
}

extension Trait where Self == FixtureEnding {
    static var endsFixtures: Self { FixtureEnding() }
}

/// The fixtures of one test, which runs in one task.
final class FixturesMade: Sendable {
    @TaskLocal static var current: FixturesMade?

    // A test's own until it has returned, and then its scope's: never two threads' at once.
    nonisolated(unsafe) private var endings: [() -> Void] = []

    func add(_ end: @escaping () -> Void) { unsafe endings.append(end) }

    func endAll() {
        for end in unsafe endings { end() }
        unsafe endings = []
    }
}
