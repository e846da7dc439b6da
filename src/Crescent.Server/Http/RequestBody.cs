using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Http;

/// <summary>Reads a request's JSON within limits.</summary>
internal static class RequestBody
{
    private const int MaxDepth = 64;
    private const int FirstBuffer = 16 << 10;

    /// <exception cref="ApiException">It is larger than allowed, or no object.</exception>
    /// <exception cref="JsonException">It is no JSON, or nested too deeply.</exception>
    public static async Task<JsonFields> ReadAsync(HttpContext context, long maxBytes)
    {
        var bytes = await ReadBytesAsync(context, maxBytes);
        if (bytes.IsEmpty)
        {
            throw ApiException.Invalid(null, "expected a JSON object as the body, found nothing");
        }

        // Not disposed: tools go on being read from it.
        var root = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth }).RootElement;
        return root.ValueKind == JsonValueKind.Object
            ? new JsonFields(root, "")
            : throw ApiException.Invalid(null, $"expected a JSON object as the body, found {JsonFields.Describe(root)}");
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpContext context, long maxBytes)
    {
        if (context.Request.ContentLength > maxBytes)
        {
            throw new ApiException(ErrorMapping.BodyTooLarge);
        }

        using var body = new MemoryStream((int)Math.Min(context.Request.ContentLength ?? FirstBuffer, int.MaxValue));
        var buffer = new byte[FirstBuffer];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
        {
            if (body.Length + count > maxBytes)
            {
                throw new ApiException(ErrorMapping.BodyTooLarge);
            }

            body.Write(buffer, 0, count);
        }

        return body.ToArray();
    }
}
