namespace Crescent.Cli.Comparisons;

/// <summary>What both engines are asked to measure.</summary>
/// <param name="PromptTokens">0 for no prefill test.</param>
/// <param name="DecodeTokens">0 for no decode test.</param>
/// <param name="Depth">Tokens in the cache before each test.</param>
/// <param name="Ubatch">Most tokens of one step.</param>
/// <param name="Repeats">Within one run of a program, which counts their median.</param>
internal sealed record EngineCase(string Model, int PromptTokens, int DecodeTokens, int Depth, int Threads, int Ubatch, int Repeats);
