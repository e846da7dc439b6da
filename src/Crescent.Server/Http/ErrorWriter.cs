using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Http;

/// <summary>Writes an error in an API's own shape. As metadata of an endpoint it takes the place of OpenAI's.</summary>
internal delegate Task ErrorWriter(HttpContext context, ApiError error);
