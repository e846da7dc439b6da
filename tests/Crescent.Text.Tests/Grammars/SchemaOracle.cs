using System.Text.Json;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NJsonSchema.Validation;

namespace Crescent.Text.Tests.Grammars;

/// <summary>Somebody else's validator.</summary>
internal sealed class SchemaOracle(string schema)
{
    private readonly JsonSchema _schema = JsonSchema.FromJsonAsync(schema.Replace("$defs", "definitions", StringComparison.Ordinal)).GetAwaiter().GetResult();

    /// <summary>Null where the text is JSON that the schema admits, else what is wrong.</summary>
    public string? Error(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return _schema.Validate(Read(json)).FirstOrDefault(error => IsRight(error, json)) is { } error ? $"{error} in {json}" : null;
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or JsonReaderException)
        {
            return $"{exception.Message} in {json}";
        }
    }

    // Exact where .NET's decimal reaches.
    private static JToken Read(string json)
    {
        try
        {
            return Read(json, FloatParseHandling.Decimal);
        }
        catch (JsonReaderException)
        {
            return Read(json, FloatParseHandling.Double);
        }
    }

    private static JToken Read(string json, FloatParseHandling numbers)
    {
        using var reader = new JsonTextReader(new StringReader(json)) { DateParseHandling = DateParseHandling.None, FloatParseHandling = numbers };
        return JToken.ReadFrom(reader);
    }

    // It counts UTF-16; the standard counts code points (JSON Schema validation, 6.3.1).
    private static bool IsRight(ValidationError error, string json) => error switch
    {
        ChildSchemaValidationError child => child.Errors.Values.All(errors => errors.Any(inner => IsRight(inner, json))),
        { Kind: ValidationErrorKind.StringTooLong } => !json.Any(char.IsSurrogate),
        _ => true,
    };
}
