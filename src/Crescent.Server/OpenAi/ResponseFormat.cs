using System.Text.Json;
using Crescent.Server.Http;

namespace Crescent.Server.OpenAi;

/// <summary>The form that an answer must have.</summary>
/// <param name="Schema">The JSON schema; null for any JSON object.</param>
internal sealed record ResponseFormat(JsonElement? Schema)
{
    /// <summary>Null for plain text.</summary>
    public static ResponseFormat? Read(in JsonFields body)
    {
        if (body.Object("response_format") is not { } format)
        {
            return null;
        }

        switch (format.RequireText("type"))
        {
            case "text":
                return null;
            case "json_object":
                return new ResponseFormat(format.Object("schema")?.Element);
            case "json_schema":
                var named = format.Object("json_schema") ?? throw ApiException.Invalid("response_format.json_schema", "expected an object, found nothing");
                _ = named.Text("name");
                return new ResponseFormat((named.Object("schema") ?? throw ApiException.Invalid("response_format.json_schema.schema", "expected a JSON schema, found nothing")).Element);
            default:
                throw ApiException.Invalid("response_format.type", "expected text, json_object or json_schema, found another");
        }
    }
}
