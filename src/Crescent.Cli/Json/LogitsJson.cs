namespace Crescent.Cli.Json;

internal sealed record LogitsJson(string Out, int Tokens, int Vocab, bool Finite, LossyJson? Lossy);
