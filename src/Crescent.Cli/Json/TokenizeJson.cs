using System.Text.Json;

namespace Crescent.Cli.Json;

/// <param name="Pieces">A string, or an array of byte values where a piece is not valid UTF-8 alone.</param>
internal sealed record TokenizeJson(IReadOnlyList<int> Ids, IReadOnlyList<JsonElement> Pieces);

internal sealed record DetokenizeJson(string Text);
