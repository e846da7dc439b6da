using System.Globalization;
using System.Text.Json;
using Crescent.Server.Http;

namespace Crescent.Server.OpenAi;

/// <summary>Reads a field that holds a text, token ids, or a list of them.</summary>
internal static class PromptReader
{
    private const int MostIds = 4_000_000;

    /// <param name="most">Most prompts of a request.</param>
    /// <exception cref="ApiException">It holds something else, or nothing.</exception>
    public static CompletionPrompt[] Read(in JsonFields body, string field, int most)
    {
        if (body.Get(field) is not { } prompt)
        {
            throw ApiException.Invalid(field, "expected a string, token ids or a list of them, found nothing");
        }

        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [new CompletionPrompt(JsonFields.TextOf(prompt, field), field)];
        }

        if (prompt.ValueKind != JsonValueKind.Array)
        {
            throw JsonFields.Wrong(field, "a string, token ids or a list of them", prompt);
        }

        if (prompt.GetArrayLength() > 0 && prompt[0].ValueKind == JsonValueKind.Number)
        {
            return [new CompletionPrompt(Ids(prompt, field), field)];
        }

        var prompts = JsonFields.ListOf(prompt, field, most).Select((item, index) => Read(item, $"{field}[{index.ToString(CultureInfo.InvariantCulture)}]")).ToArray();
        return prompts.Length > 0 ? prompts : throw ApiException.Invalid(field, $"expected at least one {field}, found an empty list");
    }

    private static CompletionPrompt Read(JsonElement prompt, string path) => prompt.ValueKind switch
    {
        JsonValueKind.String => new CompletionPrompt(JsonFields.TextOf(prompt, path), path),
        JsonValueKind.Array => new CompletionPrompt(Ids(prompt, path), path),
        _ => throw JsonFields.Wrong(path, "a string or token ids", prompt),
    };

    private static int[] Ids(JsonElement list, string path) =>
        [.. JsonFields.ListOf(list, path, MostIds).Select((id, index) => (int)JsonFields.IntegerOf(id, $"{path}[{index.ToString(CultureInfo.InvariantCulture)}]", 0, int.MaxValue))];
}
