using System.Text.Json.Serialization;

namespace Crescent.Server.OpenAi.Wire;

/// <param name="Token">The token's text; a replacement character where its bytes are no text alone.</param>
/// <param name="TopLogprobs">Null inside such a list.</param>
internal sealed record TokenLogprob(
    string Token, float Logprob, IReadOnlyList<int> Bytes, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<TokenLogprob>? TopLogprobs);
