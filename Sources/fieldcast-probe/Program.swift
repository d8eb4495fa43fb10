import Probe

@main enum Program {
    static func main() { Probe.main(CommandLine.arguments) }
}
