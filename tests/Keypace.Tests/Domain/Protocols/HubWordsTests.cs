using System.Text;
using Keypace.Domain.Protocols;

namespace Keypace.Tests.Domain.Protocols;

/// <summary>The refusals of a key that hubs document or were seen to send, and the sentence in each.</summary>
public sealed class HubWordsTests
{
    [Theory]
    [InlineData("""{"error":{"message":"Incorrect API key provided: sk-t****0001","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""", "Incorrect API key provided: sk-t****0001")]
    [InlineData("""{"error":{"code":401,"message":"API keys are not supported by this API.","status":"UNAUTHENTICATED"}}""", "API keys are not supported by this API.")]
    [InlineData("""{"error":"invalid_grant","error_description":"Token has been expired or revoked."}""", "Token has been expired or revoked.")]
    [InlineData("""{"id":"Unauthorized","message":"Unable to authenticate you"}""", "Unable to authenticate you")]
    [InlineData("""{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""", "invalid x-api-key")]
    [InlineData("""{"message":"Unauthorized","request_id":"r"}""", "Unauthorized")]
    [InlineData("""{"error":"invalid key"}""", "invalid key")]
    [InlineData("""{"status":401,"title":"Unauthorized","detail":"Authentication failed"}""", "Authentication failed")]
    [InlineData("""{"error":{"message":"User not found.","code":401}}""", "User not found.")]
    [InlineData("""{"Message":"User: x is not authorized to perform: bedrock:InvokeModel"}""", "User: x is not authorized to perform: bedrock:InvokeModel")]
    [InlineData("""{"code":"Client specified an invalid argument","error":"Incorrect API key provided."}""", "Incorrect API key provided.")]
    [InlineData("""{"detail":[{"msg":"x"},{"message":"y"}]}""", null)]
    [InlineData("""[{"error":{"code":400,"message":"API key not valid."}}]""", "API key not valid.")]
    [InlineData("Go away\r\nnow", "Go away now")]
    [InlineData("<html><body>401</body></html>", null)]
    [InlineData("  ", null)]
    [InlineData("5", null)]
    [InlineData("""{"message":"half \ud800"}""", "half \uFFFD")]
    [InlineData("""{"error":{"error":{"error":{"error":{"error":{"message":"deep"}}}}}}""", null)]
    public void The_sentence_for_people_is_found(string body, string? words) => Assert.Equal(words, HubWords.Of(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Long_words_are_cut() => Assert.Equal(HubWords.MostCharacters + 1, HubWords.Of(Encoding.UTF8.GetBytes(new string('x', 5_000)))!.Length);
}
