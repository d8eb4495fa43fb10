// swift-tools-version: 6.3
import PackageDescription

/// Where faults may be planted, for the simulator to find: in debug builds, and in others on demand
/// (docs/decisions/010-planted-faults.md).
let planted: SwiftSetting =
    Context.environment["FIELDCAST_PLANTED"] != nil
    ? .define("PLANTED") : .define("PLANTED", .when(configuration: .debug))

/// Where a module's own may be looked at: in debug builds, and by the fuzzers, which are optimised
/// and pass `-enable-testing`.
let testable: SwiftSetting =
    Context.environment["FIELDCAST_FUZZING"] != nil
    ? .define("TESTABLE") : .define("TESTABLE", .when(configuration: .debug))

/// Every target of ours is held to the same settings; see CONTRIBUTING.md for why each is on.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"), planted,
]

/// For the targets that call C: shims annotated with `__counted_by` get `Span` overloads.
let door: [SwiftSetting] = strict + [.enableExperimentalFeature("SafeInteropWrappers")]

let package = Package(
    name: "fieldcast",
    targets: [
        .target(name: "CLinux"),
        .target(
            name: "COpenSSL",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .target(name: "CSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
        .target(name: "CUring", linkerSettings: [.linkedLibrary("uring")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .systemLibrary(
            name: "CMsgpack", pkgConfig: "msgpack", providers: [.apt(["libmsgpack-dev"])]),
        .systemLibrary(
            name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),

        .target(
            name: "Wire", swiftSettings: strict,
            linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        .target(name: "Hub", dependencies: ["Wire"], swiftSettings: strict),
        .target(
            name: "Transport", dependencies: ["Wire", "CLinux", "CUring", "CZlib", "COpenSSL"],
            swiftSettings: door),
        .target(
            name: "Pages",
            exclude: [
                "client/README.md", "client/fieldcast.d.ts", "client/package.json", "client/test",
            ],
            resources: [
                .embedInCode("web"), .embedInCode("client/fieldcast.js"),
                .embedInCode("client/src"),
            ], swiftSettings: strict),
        .target(
            name: "Node",
            dependencies: ["Wire", "Hub", "Pages", "Transport", "COpenSSL", "CSQLite"],
            swiftSettings: door),
        .target(
            name: "Probe", dependencies: ["Wire", "Transport", "CLinux", "CMsgpack", "COpenSSL"],
            swiftSettings: door),
        .executableTarget(name: "fieldcast-node", dependencies: ["Node"], swiftSettings: strict),
        .executableTarget(name: "fieldcast-probe", dependencies: ["Probe"], swiftSettings: strict),

        .target(
            name: "FuzzEntries", dependencies: ["Wire", "Transport", "Node", "CMsgpack"],
            path: "Fuzz/Entries", swiftSettings: strict + [testable]),

        .executableTarget(
            name: "fieldcast-echo", dependencies: ["Transport"], path: "Examples/fieldcast-echo",
            swiftSettings: strict),

        .target(name: "CAllocations", path: "Bench/CAllocations"),
        .executableTarget(
            name: "fieldcast-bench",
            dependencies: [
                "Wire", "Hub", "Transport", "CMsgpack", "CJansson", "CAllocations",
                "transport-load", "transport-peer", "transport-server", "fieldcast-node",
                "node-load", "node-clients", "service-load", "durable-peer", "fieldcast-probe",
                "probe-peer", "probe-source",
            ],
            path: "Bench",
            exclude: [
                "Fixture", "CAllocations", "NodeClients", "NodeLoad", "DurablePeer", "ProbePeer",
                "ProbeSource", "ServiceLoad", "Soak", "TransportLoad", "TransportPeer",
                "TransportServer", "Node/fastapi_peer.py", "Node/socketify_peer.py",
                "Probe/probe_peer.py", "Transport/socketify_peer.py",
            ], swiftSettings: strict),
        .executableTarget(
            name: "service-load", dependencies: ["Transport", "Wire"], path: "Bench/ServiceLoad",
            swiftSettings: strict),
        .executableTarget(
            name: "node-load", dependencies: ["Transport", "Wire"], path: "Bench/NodeLoad",
            swiftSettings: strict),
        .executableTarget(
            name: "node-clients", path: "Bench/NodeClients",
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        .executableTarget(
            name: "node-soak", dependencies: ["Node", "Hub", "Transport", "Wire"],
            path: "Bench/Soak", swiftSettings: strict),
        .executableTarget(
            name: "durable-peer", path: "Bench/DurablePeer",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        .executableTarget(name: "probe-peer", path: "Bench/ProbePeer"),
        .target(
            name: "FakeNode", dependencies: ["Transport", "Wire"], path: "Tests/FakeNode",
            swiftSettings: strict),
        .executableTarget(
            name: "probe-source", dependencies: ["FakeNode", "Transport", "Wire"],
            path: "Bench/ProbeSource", swiftSettings: strict),
        .executableTarget(name: "transport-load", path: "Bench/TransportLoad"),
        .executableTarget(
            name: "transport-peer", path: "Bench/TransportPeer",
            linkerSettings: [.linkedLibrary("uring")]),
        .executableTarget(
            name: "transport-server", dependencies: ["Transport", "Wire"],
            path: "Bench/TransportServer",
            swiftSettings: strict),

        .target(
            name: "Simulation", dependencies: ["Wire", "Hub"], path: "Tests/Simulation",
            swiftSettings: strict),
        .executableTarget(
            name: "fieldcast-sim", dependencies: ["Simulation"], path: "Tests/fieldcast-sim",
            swiftSettings: strict),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: strict),

        .testTarget(
            name: "WireTests", dependencies: ["Wire", "FuzzEntries"], swiftSettings: strict),
        .testTarget(
            name: "HubTests", dependencies: ["Hub", "Wire"], swiftSettings: strict),
        .target(
            name: "TestCertificates", path: "Tests/TestCertificates", swiftSettings: strict),
        .target(
            name: "CLossyFiles", path: "Tests/CLossyFiles",
            linkerSettings: [.linkedLibrary("sqlite3")]),
        .testTarget(
            name: "NodeTests",
            dependencies: [
                "Node", "Hub", "Pages", "Transport", "Wire", "COpenSSL", "CLossyFiles",
                "TestCertificates", "fieldcast-node",
            ],
            swiftSettings: door),
        .testTarget(
            name: "BenchTests", dependencies: ["fieldcast-bench", "Wire", "CAllocations"],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        .testTarget(
            name: "TransportTests",
            dependencies: ["Transport", "Wire", "TestCertificates", "fieldcast-echo"],
            exclude: ["Clients"], swiftSettings: strict),
        .testTarget(
            name: "ProgramTests",
            dependencies: ["fieldcast-node", "fieldcast-probe", "node-soak"],
            swiftSettings: strict),
        .testTarget(
            name: "PageTests", dependencies: ["fieldcast-node"],
            exclude: ["chromium.mjs", "first.mjs", "page.mjs"], swiftSettings: strict),
        .testTarget(
            name: "ProbeTests",
            dependencies: ["Probe", "FakeNode", "Node", "Transport", "Wire"],
            swiftSettings: strict),
    ]
)

// The fuzzers link only under `--sanitize=fuzzer`, which brings their `main`: `make fuzz`.
if Context.environment["FIELDCAST_FUZZING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fieldcast-fuzz", dependencies: ["FuzzEntries"], path: "Fuzz/Program",
            swiftSettings: strict))
}

// Wire and a program on it as Embedded Swift, and nothing else: `make embedded`.
if Context.environment["FIELDCAST_EMBEDDED"] != nil {
    let embedded = strict + [.enableExperimentalFeature("Embedded")]
    package.targets = [
        .target(name: "Wire", swiftSettings: embedded),
        .executableTarget(
            name: "fieldcast-device", dependencies: ["Wire"], path: "Embedded",
            swiftSettings: embedded),
    ]
} else {
    package.targets.append(
        .executableTarget(
            name: "fieldcast-device", dependencies: ["Wire"], path: "Embedded",
            swiftSettings: strict))
}
