using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Keypace.Server.Storage.Migrations
{
    /// <inheritdoc />
    public partial class DisabledBeforeDeletion : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "DisabledBeforeDeletion",
                table: "api_keys",
                type: "INTEGER",
                nullable: false,
                defaultValue: false);

            // For a key that was deleted a moment before the upgrade, only the record of its deletion tells.
            migrationBuilder.Sql(
                """
                UPDATE api_keys SET "DisabledBeforeDeletion" = 1
                WHERE "Status" = 'deleted' AND (
                    SELECT json_extract("Before", '$.status') FROM audit
                    WHERE audit."SubjectId" = lower(api_keys."Id") AND audit."Action" = 'deleted'
                    ORDER BY audit."Id" DESC LIMIT 1) = 'disabled'
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "DisabledBeforeDeletion",
                table: "api_keys");
        }
    }
}
