import Node

/// From the words on the command line to a node; everything else is in `Node`.
@main
enum Program {
    static func main() { NodeProgram.main(Array(CommandLine.arguments.dropFirst())) }
}
