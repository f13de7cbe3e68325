
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import simple_history.models
import vouchers.common.models
import vouchers.privacy.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('currency_id', models.UUIDField(verbose_name='상품권')),
                ('kind', models.CharField(choices=[('bank', '운영 예치금'), ('budget', '예산 과목'), ('programme', '사업 예산'), ('unclaimed', '미가입자 보관금'), ('cash', '현금 지급 대기금'), ('wallet', '시민 지갑'), ('merchant_pending', '가맹점 미정산금'), ('merchant_settled', '가맹점 정산금')], max_length=20, verbose_name='계정 종류')),
                ('owner_id', models.UUIDField(null=True, verbose_name='소유자')),
            ],
            options={
                'verbose_name': '계정',
                'verbose_name_plural': '계정',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Balance',
            fields=[
                ('id', models.UUIDField(db_column='account_id', primary_key=True, serialize=False, verbose_name='계정')),
                ('debits', models.BigIntegerField(verbose_name='차변 합계')),
                ('credits', models.BigIntegerField(verbose_name='대변 합계')),
                ('reserved', models.BigIntegerField(verbose_name='예약 금액')),
                ('floor', models.BigIntegerField(null=True, verbose_name='하한')),
            ],
            options={
                'verbose_name': '잔액',
                'verbose_name_plural': '잔액',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='BusinessClose',
            fields=[
                ('id', models.CharField(db_column='municipality_id', max_length=5, primary_key=True, serialize=False)),
                ('closed_through', models.DateField(verbose_name='마감일')),
            ],
            options={
                'verbose_name': '영업일 마감 기준',
                'verbose_name_plural': '영업일 마감 기준',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='IdempotencyRecord',
            fields=[
                ('pk', models.CompositePrimaryKey('municipality_id', 'partner_id', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('partner_id', models.UUIDField()),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.BinaryField()),
                ('result_id', models.UUIDField()),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': '처리된 요청',
                'verbose_name_plural': '처리된 요청',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Journal',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False, verbose_name='전표번호')),
                ('currency_id', models.UUIDField(verbose_name='상품권')),
                ('kind', models.CharField(choices=[('fund', '예산 배정'), ('allot', '예산 재배정'), ('disburse', '수당 지급'), ('claim', '보관금 지급'), ('release', '보관금 반납'), ('claw_back', '환수'), ('expire', '유효기간 경과 회수'), ('repay', '환수금 납부'), ('pay', '결제'), ('refund', '결제 취소'), ('settle', '정산')], max_length=20, verbose_name='구분')),
                ('business_date', models.DateField(verbose_name='영업일')),
                ('at', models.DateTimeField(verbose_name='일시')),
                ('request_hash', models.BinaryField()),
                ('reference', models.UUIDField(null=True, verbose_name='원거래')),
            ],
            options={
                'verbose_name': '원장 전표',
                'verbose_name_plural': '원장 전표',
                'ordering': ['-id'],
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Lot',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('wallet_id', models.UUIDField(verbose_name='지갑')),
                ('kind', models.CharField(choices=[('grant', '정책수당'), ('purchase', '구매금'), ('incentive', '인센티브'), ('point', '포인트')], max_length=20, verbose_name='구분')),
                ('source_id', models.UUIDField(verbose_name='원천')),
                ('programme_id', models.UUIDField(null=True, verbose_name='사업')),
                ('usage_rule_id', models.UUIDField(null=True, verbose_name='사용처 기준')),
                ('granted', models.BigIntegerField(verbose_name='지급액')),
                ('remaining', models.BigIntegerField(verbose_name='잔액')),
                ('held', models.BigIntegerField(verbose_name='보류액')),
                ('expires_at', models.DateTimeField(verbose_name='유효기한')),
                ('created_at', models.DateTimeField(verbose_name='지급일시')),
            ],
            options={
                'verbose_name': '지갑 잔액 내역',
                'verbose_name_plural': '지갑 잔액 내역',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False, verbose_name='결제번호')),
                ('order_id', models.CharField(max_length=64, verbose_name='주문번호')),
                ('amount', models.BigIntegerField(verbose_name='결제금액')),
                ('refunded', models.BigIntegerField(verbose_name='취소금액')),
                ('business_date', models.DateField(verbose_name='영업일')),
                ('at', models.DateTimeField(verbose_name='결제일시')),
            ],
            options={
                'verbose_name': '결제',
                'verbose_name_plural': '결제',
                'ordering': ['-id'],
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('pk', models.CompositePrimaryKey('municipality_id', 'journal_id', 'line', blank=True, editable=False, primary_key=True, serialize=False)),
                ('journal_id', models.UUIDField(verbose_name='전표번호')),
                ('line', models.IntegerField(verbose_name='순번')),
                ('debit_account_id', models.UUIDField(verbose_name='차변')),
                ('credit_account_id', models.UUIDField(verbose_name='대변')),
                ('debit_lot_id', models.UUIDField(null=True)),
                ('credit_lot_id', models.UUIDField(null=True)),
                ('amount', models.BigIntegerField(verbose_name='금액')),
                ('business_date', models.DateField(verbose_name='영업일')),
            ],
            options={
                'verbose_name': '원장 이동',
                'verbose_name_plural': '원장 이동',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Official',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('username', models.CharField(max_length=60, unique=True, verbose_name='아이디')),
                ('name', models.CharField(max_length=40, verbose_name='성명')),
                ('department', models.CharField(blank=True, max_length=60, verbose_name='부서')),
                ('position', models.CharField(blank=True, max_length=40, verbose_name='직위')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='이메일')),
                ('is_active', models.BooleanField(default=True, help_text='퇴직·전출 시 당일 해제합니다.', verbose_name='사용 여부')),
                ('joined_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
            ],
            options={
                'verbose_name': '공무원',
                'verbose_name_plural': '공무원',
                'ordering': ['username'],
            },
        ),
        migrations.CreateModel(
            name='Currency',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=40, verbose_name='상품권명')),
                ('name_en', models.CharField(max_length=60, verbose_name='영문명')),
                ('is_active', models.BooleanField(default=True, verbose_name='운영 여부')),
            ],
            options={
                'verbose_name': '상품권',
                'verbose_name_plural': '상품권',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Dong',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=10, verbose_name='행정동 코드')),
                ('name', models.CharField(max_length=40, verbose_name='읍면동')),
            ],
            options={
                'verbose_name': '읍면동',
                'verbose_name_plural': '읍면동',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='IncompatibleRoles',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('drafter', '기안자'), ('reviewer', '검토자'), ('budget', '예산 협조자'), ('approver', '결재권자'), ('payer', '지급 담당자'), ('merchant_officer', '가맹점 담당자'), ('settlement_officer', '정산 담당자'), ('auditor', '감사 담당자'), ('administrator', '기관 관리자')], max_length=20, verbose_name='역할')),
                ('other', models.CharField(choices=[('drafter', '기안자'), ('reviewer', '검토자'), ('budget', '예산 협조자'), ('approver', '결재권자'), ('payer', '지급 담당자'), ('merchant_officer', '가맹점 담당자'), ('settlement_officer', '정산 담당자'), ('auditor', '감사 담당자'), ('administrator', '기관 관리자')], max_length=20, verbose_name='함께 가질 수 없는 역할')),
                ('reason', models.CharField(max_length=200, verbose_name='사유')),
            ],
            options={
                'verbose_name': '겸직 금지 역할',
                'verbose_name_plural': '겸직 금지 역할',
                'ordering': ['role', 'other'],
                'constraints': [models.UniqueConstraint(fields=('role', 'other'), name='incompatible_roles_once'), models.CheckConstraint(condition=models.Q(('role__lt', models.F('other'))), name='incompatible_roles_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Municipality',
            fields=[
                ('code', models.CharField(help_text='법정동 코드의 앞 5자리', max_length=5, primary_key=True, serialize=False, validators=[django.core.validators.RegexValidator('^\\d{5}$')], verbose_name='지역코드')),
                ('name', models.CharField(max_length=40, verbose_name='지자체명')),
                ('name_en', models.CharField(max_length=60, verbose_name='영문명')),
                ('province', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cities', to='vouchers.municipality', verbose_name='광역자치단체')),
            ],
            options={
                'verbose_name': '지자체',
                'verbose_name_plural': '지자체',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalUsageRule',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False)),
                ('name', models.CharField(max_length=80, verbose_name='사용처 기준명')),
                ('allowed_categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, help_text='비워 두면 모든 업종에서 사용할 수 있습니다.', size=None, verbose_name='사용 가능 업종')),
                ('denied_categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None, verbose_name='사용 제한 업종')),
                ('annual_sales_cap', models.BigIntegerField(blank=True, help_text='비워 두면 연매출과 관계없이 사용할 수 있습니다(정책발행).', null=True, verbose_name='연매출 상한(원)')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': 'historical 사용처 기준',
                'verbose_name_plural': 'historical 사용처 기준',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalRoleAssignment',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False)),
                ('role', models.CharField(choices=[('drafter', '기안자'), ('reviewer', '검토자'), ('budget', '예산 협조자'), ('approver', '결재권자'), ('payer', '지급 담당자'), ('merchant_officer', '가맹점 담당자'), ('settlement_officer', '정산 담당자'), ('auditor', '감사 담당자'), ('administrator', '기관 관리자')], max_length=20, verbose_name='역할')),
                ('valid_from', models.DateField(verbose_name='시작일')),
                ('valid_until', models.DateField(blank=True, help_text='비워 두면 해제할 때까지 유효합니다.', null=True, verbose_name='종료일')),
                ('reason', models.CharField(max_length=200, verbose_name='부여 사유')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('official', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='공무원')),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': 'historical 역할 부여',
                'verbose_name_plural': 'historical 역할 부여',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalPartner',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('name', models.CharField(max_length=60, verbose_name='기관명')),
                ('is_active', models.BooleanField(default=True, verbose_name='사용 여부')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': 'historical 연계기관',
                'verbose_name_plural': 'historical 연계기관',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalOfficial',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False)),
                ('username', models.CharField(db_index=True, max_length=60, verbose_name='아이디')),
                ('name', models.CharField(max_length=40, verbose_name='성명')),
                ('department', models.CharField(blank=True, max_length=60, verbose_name='부서')),
                ('position', models.CharField(blank=True, max_length=40, verbose_name='직위')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='이메일')),
                ('is_active', models.BooleanField(default=True, help_text='퇴직·전출 시 당일 해제합니다.', verbose_name='사용 여부')),
                ('joined_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='소속 지자체')),
            ],
            options={
                'verbose_name': 'historical 공무원',
                'verbose_name_plural': 'historical 공무원',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalCurrencyPolicy',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False)),
                ('valid_from', models.DateField(verbose_name='시행일')),
                ('payment_limit', models.BigIntegerField(verbose_name='1회 결제 한도(원)')),
                ('legal_basis', models.CharField(help_text='예: 조례 제8조', max_length=200, verbose_name='근거')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('currency', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.currency', verbose_name='상품권')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': 'historical 상품권 운영 기준',
                'verbose_name_plural': 'historical 상품권 운영 기준',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalCurrency',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False)),
                ('name', models.CharField(max_length=40, verbose_name='상품권명')),
                ('name_en', models.CharField(max_length=60, verbose_name='영문명')),
                ('is_active', models.BooleanField(default=True, verbose_name='운영 여부')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': 'historical 상품권',
                'verbose_name_plural': 'historical 상품권',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalCitizen',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('name', models.CharField(max_length=40, verbose_name='성명')),
                ('birth_date', models.DateField(verbose_name='생년월일')),
                ('phone', models.CharField(help_text='숫자만 입력합니다.', max_length=15, validators=[django.core.validators.RegexValidator('^0\\d{8,11}$')], verbose_name='휴대전화')),
                ('resident_since', models.DateField(blank=True, null=True, verbose_name='전입일')),
                ('status', models.CharField(choices=[('active', '정상'), ('moved_out', '전출'), ('deceased', '사망')], default='active', max_length=12, verbose_name='상태')),
                ('account_bank', models.CharField(blank=True, max_length=3, verbose_name='은행')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('dong', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.dong', verbose_name='읍면동')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': 'historical 시민',
                'verbose_name_plural': 'historical 시민',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name='dong',
            name='municipality',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체'),
        ),
        migrations.CreateModel(
            name='CurrencyPolicy',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('valid_from', models.DateField(verbose_name='시행일')),
                ('payment_limit', models.BigIntegerField(verbose_name='1회 결제 한도(원)')),
                ('legal_basis', models.CharField(help_text='예: 조례 제8조', max_length=200, verbose_name='근거')),
                ('currency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='policies', to='vouchers.currency', verbose_name='상품권')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': '상품권 운영 기준',
                'verbose_name_plural': '상품권 운영 기준',
                'ordering': ['currency', '-valid_from'],
            },
        ),
        migrations.AddField(
            model_name='currency',
            name='municipality',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체'),
        ),
        migrations.CreateModel(
            name='Citizen',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('name', models.CharField(max_length=40, verbose_name='성명')),
                ('birth_date', models.DateField(verbose_name='생년월일')),
                ('phone', models.CharField(help_text='숫자만 입력합니다.', max_length=15, validators=[django.core.validators.RegexValidator('^0\\d{8,11}$')], verbose_name='휴대전화')),
                ('phone_tail', models.GeneratedField(db_persist=True, expression=django.db.models.functions.text.Right('phone', 4), output_field=models.CharField(max_length=4))),
                ('resident_since', models.DateField(blank=True, null=True, verbose_name='전입일')),
                ('status', models.CharField(choices=[('active', '정상'), ('moved_out', '전출'), ('deceased', '사망')], default='active', max_length=12, verbose_name='상태')),
                ('resident_number', vouchers.privacy.fields.EncryptedTextField(blank=True, null=True, verbose_name='주민등록번호')),
                ('resident_number_index', vouchers.privacy.fields.BlindIndexField(blank=True, null=True, purpose='resident_number', source='resident_number')),
                ('account_bank', models.CharField(blank=True, max_length=3, verbose_name='은행')),
                ('account_number', vouchers.privacy.fields.EncryptedTextField(blank=True, null=True, verbose_name='계좌번호')),
                ('account_number_index', vouchers.privacy.fields.BlindIndexField(blank=True, null=True, purpose='account_number', source='account_number')),
                ('dong', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.dong', verbose_name='읍면동')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': '시민',
                'verbose_name_plural': '시민',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='AccessRecord',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(verbose_name='접속일시')),
                ('address', models.GenericIPAddressField(blank=True, null=True, verbose_name='접속지')),
                ('action', models.CharField(choices=[('view', '조회'), ('reveal', '마스킹 해제'), ('upload', '업로드'), ('download', '다운로드'), ('print', '출력'), ('lock', '로그인 잠금')], max_length=10, verbose_name='수행업무')),
                ('subject', models.CharField(max_length=200, verbose_name='처리한 정보주체')),
                ('count', models.IntegerField(default=1, verbose_name='정보주체 수')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='사유')),
                ('official', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='취급자')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': '개인정보 접속기록',
                'verbose_name_plural': '개인정보 접속기록',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='official',
            name='municipality',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='소속 지자체'),
        ),
        migrations.CreateModel(
            name='Partner',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('name', models.CharField(max_length=60, verbose_name='기관명')),
                ('is_active', models.BooleanField(default=True, verbose_name='사용 여부')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': '연계기관',
                'verbose_name_plural': '연계기관',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PartnerKey',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('key_id', models.CharField(max_length=24, unique=True, verbose_name='키 번호')),
                ('secret_hash', models.BinaryField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='폐기일시')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='vouchers.partner', verbose_name='연계기관')),
            ],
            options={
                'verbose_name': '연계 인증키',
                'verbose_name_plural': '연계 인증키',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='RoleAssignment',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('drafter', '기안자'), ('reviewer', '검토자'), ('budget', '예산 협조자'), ('approver', '결재권자'), ('payer', '지급 담당자'), ('merchant_officer', '가맹점 담당자'), ('settlement_officer', '정산 담당자'), ('auditor', '감사 담당자'), ('administrator', '기관 관리자')], max_length=20, verbose_name='역할')),
                ('valid_from', models.DateField(verbose_name='시작일')),
                ('valid_until', models.DateField(blank=True, help_text='비워 두면 해제할 때까지 유효합니다.', null=True, verbose_name='종료일')),
                ('reason', models.CharField(max_length=200, verbose_name='부여 사유')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('official', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to=settings.AUTH_USER_MODEL, verbose_name='공무원')),
            ],
            options={
                'verbose_name': '역할 부여',
                'verbose_name_plural': '역할 부여',
                'ordering': ['official', 'role', 'valid_from'],
            },
        ),
        migrations.CreateModel(
            name='UsageRule',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='사용처 기준명')),
                ('allowed_categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, help_text='비워 두면 모든 업종에서 사용할 수 있습니다.', size=None, verbose_name='사용 가능 업종')),
                ('denied_categories', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None, verbose_name='사용 제한 업종')),
                ('annual_sales_cap', models.BigIntegerField(blank=True, help_text='비워 두면 연매출과 관계없이 사용할 수 있습니다(정책발행).', null=True, verbose_name='연매출 상한(원)')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': '사용처 기준',
                'verbose_name_plural': '사용처 기준',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Wallet',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('status', models.CharField(choices=[('active', '정상'), ('frozen', '사용 정지'), ('closed', '해지')], default='active', max_length=10, verbose_name='상태')),
                ('citizen', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wallets', to='vouchers.citizen', verbose_name='시민')),
                ('currency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.currency', verbose_name='상품권')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': '지갑',
                'verbose_name_plural': '지갑',
                'ordering': ['-id'],
            },
        ),
        migrations.AddConstraint(
            model_name='municipality',
            constraint=models.CheckConstraint(condition=models.Q(('code__regex', '^\\d{5}$')), name='municipality_code_is_5_digits'),
        ),
        migrations.AddConstraint(
            model_name='dong',
            constraint=models.UniqueConstraint(fields=('municipality', 'code'), name='dong_code_once'),
        ),
        migrations.AddConstraint(
            model_name='dong',
            constraint=models.UniqueConstraint(fields=('municipality', 'name'), name='dong_name_once'),
        ),
        migrations.AddConstraint(
            model_name='currencypolicy',
            constraint=models.UniqueConstraint(fields=('currency', 'valid_from'), name='currency_policy_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='currencypolicy',
            constraint=models.CheckConstraint(condition=models.Q(('payment_limit__gt', 0)), name='currency_payment_limit_positive', violation_error_message='1회 결제 한도는 1원 이상이어야 합니다.'),
        ),
        migrations.AddConstraint(
            model_name='currency',
            constraint=models.UniqueConstraint(fields=('municipality', 'name'), name='currency_name_once'),
        ),
        migrations.AddIndex(
            model_name='citizen',
            index=models.Index(fields=['name'], name='citizen_by_name'),
        ),
        migrations.AddIndex(
            model_name='citizen',
            index=models.Index(fields=['phone_tail'], name='citizen_by_phone_tail'),
        ),
        migrations.AddConstraint(
            model_name='citizen',
            constraint=models.UniqueConstraint(fields=('municipality', 'phone', 'birth_date', 'name'), name='citizen_identity_once'),
        ),
        migrations.AddConstraint(
            model_name='citizen',
            constraint=models.UniqueConstraint(fields=('municipality', 'resident_number_index'), name='citizen_resident_number_once'),
        ),
        migrations.AddIndex(
            model_name='accessrecord',
            index=models.Index(fields=['municipality', 'at'], name='access_record_by_time'),
        ),
        migrations.AddConstraint(
            model_name='partner',
            constraint=models.UniqueConstraint(fields=('municipality', 'name'), name='partner_name_once'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(fields=['official', 'municipality'], name='role_assignment_by_official'),
        ),
        migrations.AddConstraint(
            model_name='roleassignment',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__isnull', True), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='role_assignment_dates_in_order', violation_error_message='종료일은 시작일보다 빠를 수 없습니다.'),
        ),
        migrations.AddConstraint(
            model_name='usagerule',
            constraint=models.UniqueConstraint(fields=('municipality', 'name'), name='usage_rule_name_once'),
        ),
        migrations.AddConstraint(
            model_name='wallet',
            constraint=models.UniqueConstraint(fields=('municipality', 'citizen', 'currency'), name='wallet_once'),
        ),
    ]
