/// Who may import what. Changing this file is changing the architecture: say why in the commit.
enum LayerRules {
    /// Every folder under Sources, and all that its files may import.
    static let imports: [String: Set<String>] = [
        "Wire": [],
        "Hub": ["Wire"],
        "Transport": ["Wire", "CLinux", "COpenSSL", "CUring", "CZlib", "Synchronization"],
        "Pages": [],
        "Node": ["Wire", "Hub", "Pages", "Transport", "COpenSSL", "CSQLite", "Synchronization"],
        "Probe": ["Wire", "Transport", "CLinux", "CMsgpack", "COpenSSL", "Synchronization"],
        "fieldcast-node": ["Node"],
        "fieldcast-probe": ["Probe"],
    ]

    /// The doors: the only files that may import a C module. A file listed here must exist and use
    /// its door.
    static let doors: [String: Set<String>] = [
        "CLinux": [
            "Sources/Probe/Edge/Machine.swift",
            "Sources/Transport/Loop/EpollKernel.swift", "Sources/Transport/Loop/Latch.swift",
            "Sources/Transport/Loop/LoopThread.swift", "Sources/Transport/Loop/Process.swift",
            "Sources/Transport/Loop/SocketAddress.swift",
            "Sources/Transport/Loop/Supervisor.swift", "Sources/Transport/Loop/System.swift",
            "Sources/Transport/Loop/SystemSockets.swift",
            "Sources/Transport/Loop/UringKernel.swift", "Sources/Transport/Loop/Waker.swift",
        ],
        "COpenSSL": [
            "Sources/Node/Auth/MessageCode.swift", "Sources/Node/Auth/PublicKey.swift",
            "Sources/Transport/TLS/TLSContext.swift", "Sources/Transport/TLS/TLSSession.swift",
            "Sources/Probe/Token/TokenMint.swift",
        ],
        "CUring": ["Sources/Transport/Loop/UringKernel.swift"],
        "CZlib": ["Sources/Transport/WebSocket/Compressor.swift"],
        "CSQLite": ["Sources/Node/Store/Database.swift", "Sources/Node/Store/Statement.swift"],
        "CMsgpack": ["Sources/Probe/Audit/Packed.swift"],
    ]

    /// Files of Sources that may pass `lineLimit`, and the reason.
    static let longFiles: [String: String] = [:]
    static let lineLimit = 400
    static let columnLimit = 100

    /// Words that fit anything, and so say nothing in the name of a type or a file.
    static let emptyWords: Set<String> = [
        "Manager", "Managers", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Base",
        "New",
    ]
}
